import type { AccountMail, SecurityChange } from '#modules/identity/index.ts'

interface LinkWords {
  readonly subject: string
  readonly body: string
  readonly button: string
  readonly until: string
  readonly otherwise: string
}

/** What a mail to a person who signs in says. Values come as text or as markup. */
export interface AccountWords {
  readonly direction: 'ltr' | 'rtl'
  readonly roles: Readonly<Record<NonNullable<AccountMail['role']>, string>>
  greeting(name: string | undefined): string
  invitation: {
    subject(organization: string): string
    body(organization: string, role: string): string
    readonly button: string
    readonly until: string
    readonly otherwise: string
  }
  signIn: LinkWords
  reset: LinkWords
  changed: {
    /** Subject, and what happened. */
    readonly of: Readonly<Record<SecurityChange, readonly [subject: string, body: string]>>
    when(time: string): string
    readonly button: string
    readonly expected: string
    readonly otherwise: string
    /** Of an account that is no more. */
    readonly tooLate: string
  }
}

const english: AccountWords = {
  direction: 'ltr',
  roles: { owner: 'owner', admin: 'administrator', issuer: 'issuer', reviewer: 'reviewer', viewer: 'viewer' },
  greeting: (name) => (name === undefined ? 'Hello,' : `Dear ${name},`),
  invitation: {
    subject: (organization) => `Invitation to ${organization}`,
    body: (organization, role) => `${organization} invites you to its credentials in Vellum, as ${role}.`,
    button: 'Accept the invitation',
    until: 'The link works once, for a week. Give it to nobody: whoever has it can answer in your name.',
    otherwise: 'Did you not expect this? Then you need do nothing.',
  },
  signIn: {
    subject: 'Your link to sign in',
    body: 'With this link you sign in to Vellum without a password.',
    button: 'Sign in',
    until: 'The link works once, for ten minutes. Give it to nobody: whoever has it is signed in as you.',
    otherwise: 'Did you not ask for it? Then you need do nothing: nobody can sign in without this mail.',
  },
  reset: {
    subject: 'Your link for a new password',
    body: 'With this link you set a new password for Vellum. You are then signed out everywhere.',
    button: 'Set a new password',
    until: 'The link works once, for half an hour. Give it to nobody: whoever has it can set your password.',
    otherwise: 'Did you not ask for it? Then you need do nothing: your password stays as it is.',
  },
  changed: {
    of: {
      'password-changed': ['Your password was changed', 'The password of your Vellum account was changed.'],
      'passkey-added': ['A passkey was added', 'A passkey was added to your Vellum account. Whoever has it can sign in as you.'],
      'passkey-removed': ['A passkey was removed', 'A passkey was removed from your Vellum account. It signs nobody in any more.'],
      'second-factor-set': ['Your second factor is switched on', 'Your Vellum account asks for a code of an app from now on, beside the password.'],
      'second-factor-removed': ['Your second factor is switched off', 'Your Vellum account asks for no code of an app any more.'],
      'recovery-codes-renewed': ['New codes for when your app is lost', 'New codes for when the app is lost were made for your Vellum account. Those before them work no more.'],
      'second-factor-reset': [
        'Your second factor was taken away',
        'Whoever runs this installation has taken away the second factor of your Vellum account. You are signed out everywhere, and sign in with your password or by a link in a mail.',
      ],
      'account-deleted': ['Your account was deleted', 'Your Vellum account was deleted, with your password, passkeys and memberships. This is the last mail about it.'],
    },
    when: (time) => `This was on ${time}.`,
    button: 'Look at your account',
    expected: 'Was it you, or did you ask for it? Then you need do nothing.',
    otherwise:
      'Was it not you? Set a new password at once, with “Forgot your password?” where you sign in: that signs everybody out. Then look through ' +
      'your passkeys and your second factor. If that does not let you in, write to whoever runs this installation.',
    tooLate: 'Was it not you? Then somebody could sign in as you. Tell the organizations that you were a member of: they see what was done, and can invite you again.',
  },
}

const arabic: AccountWords = {
  direction: 'rtl',
  roles: { owner: 'مالك', admin: 'مدير', issuer: 'مُصدِر', reviewer: 'مراجع', viewer: 'مطّلع' },
  greeting: (name) => (name === undefined ? 'مرحبًا،' : `مرحبًا ${name}،`),
  invitation: {
    subject: (organization) => `دعوة إلى ${organization}`,
    body: (organization, role) => `تدعوك ${organization} إلى العمل على شهاداتها في Vellum بصفة ${role}.`,
    button: 'قبول الدعوة',
    until: 'يعمل الرابط مرة واحدة ولمدة أسبوع. لا تعطه لأحد، فمن كان لديه يستطيع أن يجيب باسمك.',
    otherwise: 'إن لم تكن تتوقع هذه الدعوة فلا حاجة إلى فعل شيء.',
  },
  signIn: {
    subject: 'رابط تسجيل الدخول',
    body: 'بهذا الرابط تسجّل الدخول إلى Vellum من دون كلمة مرور.',
    button: 'تسجيل الدخول',
    until: 'يعمل الرابط مرة واحدة ولمدة عشر دقائق. لا تعطه لأحد، فمن كان لديه يدخل باسمك.',
    otherwise: 'إن لم تطلبه فلا حاجة إلى فعل شيء، إذ لا يستطيع أحد الدخول من دون هذه الرسالة.',
  },
  reset: {
    subject: 'رابط لكلمة مرور جديدة',
    body: 'بهذا الرابط تعيّن كلمة مرور جديدة في Vellum، ويُسجَّل خروجك بعدها من كل مكان.',
    button: 'تعيين كلمة مرور جديدة',
    until: 'يعمل الرابط مرة واحدة ولمدة نصف ساعة. لا تعطه لأحد، فمن كان لديه يستطيع أن يعيّن كلمة مرورك.',
    otherwise: 'إن لم تطلبه فلا حاجة إلى فعل شيء، إذ تبقى كلمة مرورك كما هي.',
  },
  changed: {
    of: {
      'password-changed': ['تغيّرت كلمة مرورك', 'تغيّرت كلمة مرور حسابك في Vellum.'],
      'passkey-added': ['أُضيف مفتاح مرور', 'أُضيف مفتاح مرور إلى حسابك في Vellum. ومن كان لديه يستطيع الدخول باسمك.'],
      'passkey-removed': ['حُذف مفتاح مرور', 'حُذف مفتاح مرور من حسابك في Vellum، ولم يعد يصلح لتسجيل الدخول.'],
      'second-factor-set': ['فُعّل عاملك الثاني', 'صار حسابك في Vellum يطلب رمزًا من تطبيق إلى جانب كلمة المرور.'],
      'second-factor-removed': ['أُلغي عاملك الثاني', 'لم يعد حسابك في Vellum يطلب رمزًا من تطبيق.'],
      'recovery-codes-renewed': ['رموز جديدة لوقت فقدان التطبيق', 'أُنشئت لحسابك في Vellum رموز جديدة لوقت فقدان التطبيق، ولم تعد الرموز السابقة تعمل.'],
      'second-factor-reset': [
        'أُزيل عاملك الثاني',
        'أزال من يدير هذا الموقع العامل الثاني من حسابك في Vellum. وقد سُجّل خروجك من كل مكان، وتدخل بكلمة مرورك أو برابط في رسالة.',
      ],
      'account-deleted': ['حُذف حسابك', 'حُذف حسابك في Vellum مع كلمة مرورك ومفاتيح مرورك وعضوياتك. وهذه آخر رسالة عنه.'],
    },
    when: (time) => `حدث ذلك في ${time}.`,
    button: 'عرض حسابك',
    expected: 'إن كنت أنت من فعل ذلك أو طلبه فلا حاجة إلى فعل شيء.',
    otherwise:
      'إن لم تكن أنت فعيّن كلمة مرور جديدة حالًا عبر «هل نسيت كلمة المرور؟» في صفحة تسجيل الدخول، فبذلك يُسجَّل خروج الجميع. ثم راجع مفاتيح ' +
      'مرورك وعاملك الثاني. وإن لم تستطع الدخول بعد ذلك فاكتب إلى من يدير هذا الموقع.',
    tooLate: 'إن لم تكن أنت فقد استطاع غيرك الدخول باسمك. أخبر المؤسسات التي كنت عضوًا فيها، فهي ترى ما جرى وتستطيع دعوتك من جديد.',
  },
}

/** The words for a BCP 47 tag, and the tag of the language that they are in. */
export const accountWords = (locale: string): { words: AccountWords; language: string } =>
  new Intl.Locale(locale).language === 'ar' ? { words: arabic, language: 'ar' } : { words: english, language: 'en' }
