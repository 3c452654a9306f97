import type { PublicStatus } from '../credential/describe.ts'
import type { Language } from './language.ts'

/** What the page says in sum. */
export type Verdict = PublicStatus | 'invalid' | 'unchecked' | 'test'

export interface Words {
  readonly language: string
  readonly otherLanguage: string
  readonly verdict: Readonly<Record<Verdict, { readonly title: string; readonly text: string }>>
  /** Before a date. */
  readonly since: string
  readonly asOf: string
  readonly awardedTo: string
  readonly issuedBy: string
  readonly issuedOn: string
  readonly completedOn: string
  readonly validUntil: string
  readonly criteria: string
  readonly testMark: string
  readonly proofTitle: string
  readonly proofIntro: string
  readonly signature: { readonly title: string; readonly good: string; readonly bad: string; readonly unknown: string }
  readonly log: { readonly title: string; readonly pending: string; entry(index: string, size: string): string }
  readonly anchor: { readonly title: string; readonly pending: string; entry(block: string, chain: string): string; chain(id: number): string }
  readonly download: string
  readonly pdf: string
  readonly json: string
  readonly address: string
  readonly details: string
  readonly detailsIntro: string
  readonly terms: Readonly<Record<'document' | 'issuerId' | 'leaf' | 'root' | 'checkpoint' | 'transaction' | 'contract' | 'errors', string>>
  readonly problem: Readonly<Record<'missing' | 'gone' | 'away' | 'other', { readonly title: string; readonly text: string }>>
  readonly footer: string
}

const en: Words = {
  language: 'English',
  otherLanguage: 'العربية',
  verdict: {
    active: { title: 'This credential is valid', text: 'It was issued by the organization named here, has not been changed, and has not been revoked.' },
    suspended: { title: 'This credential is suspended', text: 'The issuer has put it on hold. Until that is lifted it should not be relied on.' },
    revoked: { title: 'This credential was revoked', text: 'The issuer has withdrawn it for good. It is no longer valid.' },
    superseded: { title: 'A newer version has taken its place', text: 'The issuer has replaced this version. Ask its holder for the current one.' },
    expired: { title: 'This credential has expired', text: 'It was valid when it was issued; its period of validity is over.' },
    invalid: { title: 'This credential cannot be trusted', text: 'The check of its signature failed. Do not rely on it.' },
    unchecked: { title: 'This credential could not be checked just now', text: 'The keys of its issuer cannot be reached. Open this page again in a few minutes.' },
    test: { title: 'This is a test credential', text: 'Its signature is sound, but it was issued by a trial installation. It proves nothing about anyone.' },
  },
  since: 'Since',
  asOf: 'The issuing service does not answer at the moment. This is the status as it was last known, since',
  awardedTo: 'Awarded to',
  issuedBy: 'Issued by',
  issuedOn: 'Issued on',
  completedOn: 'Completed on',
  validUntil: 'Valid until',
  criteria: 'What it took',
  testMark: 'Test',
  proofTitle: 'How this was checked',
  proofIntro: 'You do not have to take our word for it: each of these can be repeated by anyone, with other software.',
  signature: {
    title: 'Signature',
    good: 'Checked a moment ago: the issuer signed exactly this text, and nobody has changed it since.',
    bad: 'Checked a moment ago, and it does not hold.',
    unknown: 'It could not be checked, because the issuer’s keys cannot be reached.',
  },
  log: {
    title: 'Public log',
    pending: 'The entry is being written; that takes a few seconds.',
    entry: (index, size) => `Entry ${index} of ${size} in a log that can only grow. Entries cannot be removed, changed or back-dated unnoticed.`,
  },
  anchor: {
    title: 'Blockchain',
    pending: 'The log is anchored from time to time; this entry’s turn comes with the next anchor.',
    entry: (block, chain) => `The log that holds this entry was fixed in block ${block} of ${chain}. Nobody, not even the issuer, can take that back.`,
    chain: (id) => `EVM chain ${id}`,
  },
  download: 'Keep a copy',
  pdf: 'Certificate (PDF)',
  json: 'Credential (JSON)',
  address: 'Verify at this address only',
  details: 'Details for experts',
  detailsIntro: 'Proofs by RFC 9162; checkpoints as C2SP signed notes. Asked for application/json, this address answers with all that a check needs.',
  terms: {
    document: 'Credential', issuerId: 'Issuer', leaf: 'Log leaf', root: 'Log root', checkpoint: 'Checkpoint', transaction: 'Transaction',
    contract: 'Contract', errors: 'What is wrong',
  },
  problem: {
    missing: { title: 'There is no credential here', text: 'Check that the address was copied whole, or scan the code on the certificate again.' },
    gone: {
      title: 'This credential was erased',
      text: 'The person it was about asked for that. Nothing of it is left here; a copy that they kept can still be checked.',
    },
    away: { title: 'This page cannot be shown just now', text: 'A part that it needs does not answer. Try again in a minute.' },
    other: { title: 'This page cannot be shown', text: 'Something went wrong on our side. Try again later.' },
  },
  footer: 'Open Badges 3.0 · W3C Verifiable Credentials 2.0 · made with Vellum',
}

const ar: Words = {
  language: 'العربية',
  otherLanguage: 'English',
  verdict: {
    active: { title: 'هذه الشهادة صحيحة وسارية', text: 'أصدرتها الجهة المذكورة هنا، ولم تُعدَّل، ولم تُلغَ.' },
    suspended: { title: 'هذه الشهادة موقوفة مؤقتًا', text: 'أوقفت الجهة المُصدِرة العمل بها، فلا ينبغي الاعتماد عليها حتى يُرفع الإيقاف.' },
    revoked: { title: 'أُلغيت هذه الشهادة', text: 'سحبتها الجهة المُصدِرة نهائيًا، ولم تعد صالحة.' },
    superseded: { title: 'حلّت محلها نسخة أحدث', text: 'استبدلت الجهة المُصدِرة هذه النسخة. اطلب من صاحبها النسخة الحالية.' },
    expired: { title: 'انتهت صلاحية هذه الشهادة', text: 'كانت صالحة عند إصدارها، وقد انقضت مدة صلاحيتها.' },
    invalid: { title: 'لا يمكن الوثوق بهذه الشهادة', text: 'فشل التحقق من توقيعها، فلا تعتمد عليها.' },
    unchecked: { title: 'تعذّر التحقق من هذه الشهادة الآن', text: 'لا يمكن الوصول إلى مفاتيح الجهة المُصدِرة. أعد فتح هذه الصفحة بعد بضع دقائق.' },
    test: { title: 'هذه شهادة تجريبية', text: 'توقيعها سليم، لكنها صادرة عن نظام تجريبي، فلا تثبت شيئًا عن أحد.' },
  },
  since: 'منذ',
  asOf: 'خدمة الإصدار لا تستجيب حاليًا. هذه آخر حالة معروفة، وهي قائمة منذ',
  awardedTo: 'مُنحت إلى',
  issuedBy: 'أصدرتها',
  issuedOn: 'تاريخ الإصدار',
  completedOn: 'تاريخ الإتمام',
  validUntil: 'صالحة حتى',
  criteria: 'متطلبات الحصول عليها',
  testMark: 'تجريبية',
  proofTitle: 'كيف جرى التحقق',
  proofIntro: 'لست مضطرًا إلى تصديقنا: يستطيع أي شخص أن يعيد كل خطوة من هذه الخطوات ببرامج أخرى.',
  signature: {
    title: 'التوقيع',
    good: 'تحققنا منه قبل لحظات: وقّعت الجهة المُصدِرة هذا النص بعينه، ولم يغيّره أحد بعدها.',
    bad: 'تحققنا منه قبل لحظات، وهو غير صحيح.',
    unknown: 'تعذّر التحقق منه، إذ لا يمكن الوصول إلى مفاتيح الجهة المُصدِرة.',
  },
  log: {
    title: 'السجل العلني',
    pending: 'يجري تدوين القيد، ويستغرق ذلك بضع ثوانٍ.',
    entry: (index, size) => `القيد رقم ${index} من أصل ${size} في سجل لا يقبل إلا الإضافة. لا يمكن حذف القيود أو تغييرها أو تقديم تاريخها دون أن يُكشف ذلك.`,
  },
  anchor: {
    title: 'سلسلة الكتل',
    pending: 'يُثبَّت السجل على السلسلة من حين إلى آخر، وسيأتي دور هذا القيد مع التثبيت القادم.',
    entry: (block, chain) => `ثُبّت السجل الذي يضم هذا القيد في الكتلة ${block} من ${chain}. ولا يستطيع أحد التراجع عن ذلك، حتى الجهة المُصدِرة.`,
    chain: (id) => `سلسلة EVM رقم ${id}`,
  },
  download: 'احتفظ بنسخة',
  pdf: 'الشهادة (PDF)',
  json: 'بيانات الاعتماد (JSON)',
  address: 'تحقّق عبر هذا العنوان وحده',
  details: 'تفاصيل للمختصين',
  detailsIntro: 'الإثباتات وفق RFC 9162، ونقاط التحقق مذكرات موقّعة وفق C2SP. وإذا طُلب من هذا العنوان application/json أجاب بكل ما يلزم للتحقق.',
  terms: {
    document: 'الشهادة', issuerId: 'المُصدِر', leaf: 'ورقة السجل', root: 'جذر السجل', checkpoint: 'نقطة التحقق', transaction: 'المعاملة',
    contract: 'العقد', errors: 'موضع الخلل',
  },
  problem: {
    missing: { title: 'لا توجد شهادة هنا', text: 'تأكد من نسخ العنوان كاملًا، أو امسح الرمز المطبوع على الشهادة مرة أخرى.' },
    gone: { title: 'مُحيت هذه الشهادة', text: 'طلب صاحبها ذلك، ولم يبقَ منها شيء هنا. والنسخة التي احتفظ بها ما زال التحقق منها ممكنًا.' },
    away: { title: 'لا يمكن عرض هذه الصفحة الآن', text: 'أحد الأجزاء اللازمة لا يستجيب. حاول مجددًا بعد دقيقة.' },
    other: { title: 'لا يمكن عرض هذه الصفحة', text: 'حدث خطأ من جانبنا. حاول لاحقًا.' },
  },
  footer: 'Open Badges 3.0 · W3C Verifiable Credentials 2.0 · Vellum',
}

export const words: Readonly<Record<Language, Words>> = { en, ar }
