import type { Language } from '#platform/page/language.ts'
import type { Refusal } from '../provider/admission.ts'
import type { ProviderFaultKind } from '../provider/provider-fault.ts'

/** Why somebody who came back from a provider is not signed in. */
export type NotIn = Refusal | ProviderFaultKind | 'stale'

/** What the pages about signing in by an organization's provider say. */
export interface ProviderWords {
  readonly link: string
  readonly title: string
  readonly text: string
  readonly label: string
  readonly hint: string
  readonly button: string
  readonly unknown: string
  readonly otherwise: string
  leave(organization: string, host: string): string
  readonly leaveText: string
  readonly go: string
  readonly notIn: string
  readonly again: string
  readonly reasons: Readonly<Record<NotIn, string>>
  readonly only: string
  readonly settings: Readonly<
    Record<
      | 'title' | 'text' | 'redirect' | 'issuer' | 'issuerHint' | 'client' | 'secret' | 'secretHint' | 'secretKept' | 'domains' | 'domainsHint' | 'join' | 'nobody'
      | 'required' | 'requiredHint' | 'check' | 'save' | 'remove' | 'removeText' | 'good' | 'saved' | 'removed' | 'wrong' | 'permits', string
    >
  >
}

const english: ProviderWords = {
  link: 'Sign in with your organization',
  title: 'Sign in with your organization',
  text: 'Where your organization has its own sign-in, such as its company account, it works here too.',
  label: 'Your organization, or your e-mail address there',
  hint: 'The short name that your organization has here, such as example-academy.',
  button: 'Continue',
  unknown: 'We know no sign-in for this. Try the short name, or ask your organization.',
  otherwise: 'Sign in another way',
  leave: (organization, host) => `You sign in for ${organization}, at ${host}.`,
  leaveText: 'Go on only if you know this address as your organization’s.',
  go: 'Go there',
  notIn: 'You are not signed in',
  again: 'Try again',
  reasons: {
    stale: 'This took too long, was used already, or was begun in another browser.',
    denied: 'Your organization’s sign-in let you go back without signing you in.',
    unreachable: 'Your organization’s sign-in does not answer at the moment. Try again soon, or sign in another way.',
    unfit: 'Your organization’s sign-in is not set up as it should be. Tell an owner of your organization.',
    invalid: 'What your organization’s sign-in told us could not be believed. Try again; if it stays so, tell an owner of your organization.',
    'no-address': 'Your organization’s sign-in tells us no e-mail address of yours. Tell an owner of your organization.',
    'address-not-verified': 'Your organization’s sign-in does not say that your e-mail address is verified. Tell an owner of your organization.',
    'address-outside-domains': 'Your e-mail address is of a domain that may not sign in here.',
    'not-invited': 'You are no member yet. Ask your organization to invite you.',
    'linked-to-another': 'Somebody else signed in here with your e-mail address before. Tell an owner of your organization.',
    'role-not-permitted': 'Your role may not sign in this way. Sign in with your own account.',
    disabled: 'Your membership is disabled. Ask your organization.',
    'provider-changed': 'Your organization changed its sign-in meanwhile.',
  },
  only: 'You are signed in by your organization, and for it alone. To see or change your account, sign in with it yourself.',
  settings: {
    title: 'Sign-in by your own provider',
    text: 'Members sign in by the OpenID Connect provider of your organization.',
    redirect: 'Tell your provider this redirect URI, exactly:',
    issuer: 'Issuer',
    issuerHint: 'Its address, as it calls itself: https://…',
    client: 'Client id',
    secret: 'Client secret',
    secretHint: 'It is not shown again.',
    secretKept: 'Leave it empty to keep the one that is there.',
    domains: 'Domains of e-mail addresses',
    domainsHint: 'With spaces between them. Empty: any verified address of members and of who is invited.',
    join: 'Who of these domains is no member yet becomes',
    nobody: 'nothing: they must be invited',
    required: 'Members must sign in this way',
    requiredHint: 'Owners can always sign in with their own account too.',
    check: 'Check',
    save: 'Check and save',
    remove: 'Take it away',
    removeText: 'Who is signed in by it is signed out.',
    good: 'The provider answers as it should. Nothing is saved yet.',
    saved: 'Saved.',
    removed: 'Taken away.',
    wrong: 'That cannot be saved:',
    permits: 'Roles that it may sign in:',
  },
}

const arabic: ProviderWords = {
  link: 'الدخول عبر مؤسستك',
  title: 'الدخول عبر مؤسستك',
  text: 'إن كان لمؤسستك نظام دخول خاص بها، كحساب الشركة، فهو يعمل هنا أيضًا.',
  label: 'مؤسستك، أو بريدك الإلكتروني فيها',
  hint: 'الاسم القصير لمؤسستك هنا، مثل example-academy.',
  button: 'متابعة',
  unknown: 'لا نعرف نظام دخول لهذا. جرّب الاسم القصير، أو اسأل مؤسستك.',
  otherwise: 'الدخول بطريقة أخرى',
  leave: (organization, host) => `تسجّل الدخول من أجل ${organization}، عند ${host}.`,
  leaveText: 'تابع فقط إن كنت تعرف هذا العنوان عنوانًا لمؤسستك.',
  go: 'اذهب إليه',
  notIn: 'لم يُسجَّل دخولك',
  again: 'حاول مجددًا',
  reasons: {
    stale: 'طال الوقت، أو استُعمل هذا من قبل، أو بدأ في متصفح آخر.',
    denied: 'أعادك نظام دخول مؤسستك دون تسجيل دخولك.',
    unreachable: 'نظام دخول مؤسستك لا يجيب الآن. حاول بعد قليل، أو ادخل بطريقة أخرى.',
    unfit: 'نظام دخول مؤسستك غير مُعدّ كما يجب. أخبر أحد مالكي مؤسستك.',
    invalid: 'تعذّر تصديق ما قاله نظام دخول مؤسستك. حاول مجددًا، وإن بقي الأمر فأخبر أحد مالكي مؤسستك.',
    'no-address': 'لا يخبرنا نظام دخول مؤسستك ببريدك الإلكتروني. أخبر أحد مالكي مؤسستك.',
    'address-not-verified': 'لا يقول نظام دخول مؤسستك إن بريدك الإلكتروني مُتحقَّق منه. أخبر أحد مالكي مؤسستك.',
    'address-outside-domains': 'بريدك الإلكتروني من نطاق لا يُسمح له بالدخول هنا.',
    'not-invited': 'لست عضوًا بعد. اطلب من مؤسستك أن تدعوك.',
    'linked-to-another': 'دخل شخص آخر هنا ببريدك الإلكتروني من قبل. أخبر أحد مالكي مؤسستك.',
    'role-not-permitted': 'لا يُسمح لدورك بالدخول بهذه الطريقة. ادخل بحسابك الخاص.',
    disabled: 'عضويتك معطّلة. اسأل مؤسستك.',
    'provider-changed': 'غيّرت مؤسستك نظام دخولها في هذه الأثناء.',
  },
  only: 'سجّلت مؤسستك دخولك، من أجلها وحدها. لرؤية حسابك أو تغييره ادخل به بنفسك.',
  settings: {
    title: 'الدخول عبر مزوّد خاص بكم',
    text: 'يدخل الأعضاء عبر مزوّد OpenID Connect الخاص بمؤسستكم.',
    redirect: 'أخبروا مزوّدكم بعنوان إعادة التوجيه هذا كما هو:',
    issuer: 'المُصدر (Issuer)',
    issuerHint: 'عنوانه كما يسمي نفسه: \u2066https://…\u2069',
    client: 'معرّف العميل',
    secret: 'سر العميل',
    secretHint: 'لا يُعرض مرة أخرى.',
    secretKept: 'اتركه فارغًا للإبقاء على الموجود.',
    domains: 'نطاقات البريد الإلكتروني',
    domainsHint: 'بينها مسافات. فارغ: أي عنوان مُتحقَّق منه للأعضاء والمدعوين.',
    join: 'من كان من هذه النطاقات وليس عضوًا بعد يصير',
    nobody: 'لا شيء: يجب أن يُدعى',
    required: 'على الأعضاء الدخول بهذه الطريقة',
    requiredHint: 'يستطيع المالكون دائمًا الدخول بحسابهم الخاص أيضًا.',
    check: 'تحقّق',
    save: 'تحقّق واحفظ',
    remove: 'إزالة',
    removeText: 'من دخل بواسطته يُسجَّل خروجه.',
    good: 'يجيب المزوّد كما يجب. لم يُحفظ شيء بعد.',
    saved: 'حُفظ.',
    removed: 'أُزيل.',
    wrong: 'لا يمكن حفظ هذا:',
    permits: 'الأدوار التي يجوز له إدخالها:',
  },
}

export const providerWords: Readonly<Record<Language, ProviderWords>> = { en: english, ar: arabic }
