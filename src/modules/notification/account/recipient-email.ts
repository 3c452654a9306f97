import type { RecipientMail } from '#modules/issuance/index.ts'
import type { EmailText } from '../email/certificate-email.ts'
import { linkEmail } from '../email/link-email.ts'
import { wordsFor } from '../email/words.ts'

/** What a mail to a recipient says, beside the one with a certificate. Values come as text or as markup. */
interface RecipientWords {
  link: {
    subject(issuer: string): string
    body(issuer: string): string
    readonly button: string
    readonly below: readonly string[]
  }
  refused: {
    subject(issuer: string): string
    body(issuer: string): string
    reason(reason: string): string
    readonly button: string
    readonly below: readonly string[]
  }
}

const english: RecipientWords = {
  link: {
    subject: (issuer) => `Your credentials from ${issuer}`,
    body: (issuer) => `With this link you see everything that ${issuer} has issued to you, and what is held about you. You need no account.`,
    button: 'See your credentials',
    below: [
      'The link works once, within an hour of being asked for. Give it to nobody: whoever has it sees what is yours.',
      'Did you not ask for it? Then you need do nothing: nobody can see it without this mail.',
    ],
  },
  refused: {
    subject: (issuer) => `Your request to be erased at ${issuer}`,
    body: (issuer) => `You asked ${issuer} to erase what it holds about you. It has refused, and gives this reason:`,
    reason: (reason) => `“${reason}”`,
    button: 'See what is held',
    below: ['Do you see it differently? Ask the organization, or complain to the supervisory authority for data protection where you live.'],
  },
}

const arabic: RecipientWords = {
  link: {
    subject: (issuer) => `شهاداتك من ${issuer}`,
    body: (issuer) => `بهذا الرابط ترى كل ما أصدرته لك ${issuer} وما يُحفظ عنك من بيانات. ولا تحتاج إلى حساب.`,
    button: 'عرض شهاداتك',
    below: [
      'يعمل الرابط مرة واحدة خلال ساعة من طلبه. لا تعطه لأحد، فمن كان لديه يرى ما يخصك.',
      'إن لم تطلبه فلا حاجة إلى فعل شيء، إذ لا يستطيع أحد الاطلاع من دون هذه الرسالة.',
    ],
  },
  refused: {
    subject: (issuer) => `طلبك حذف بياناتك لدى ${issuer}`,
    body: (issuer) => `طلبت من ${issuer} أن تحذف ما تحفظه عنك من بيانات. وقد رفضت ذلك وذكرت السبب الآتي:`,
    reason: (reason) => `«${reason}»`,
    button: 'عرض ما يُحفظ عنك',
    below: ['إن كان لك رأي آخر فاسأل المؤسسة، أو تقدم بشكوى إلى الجهة المختصة بحماية البيانات حيث تقيم.'],
  },
}

const greetings = { en: (name: string) => `Dear ${name},`, ar: (name: string) => `مرحبًا ${name}،` } as const

/** The mail with a link that lets a recipient in, or with the reason why a request was refused. */
export function recipientEmail({ kind, name, locale, link, organizationName, reason = '' }: RecipientMail): EmailText {
  const { words: { direction }, language } = wordsFor(locale)
  const own = language === 'ar' ? 'ar' : 'en'
  const words = own === 'ar' ? arabic : english
  const say = kind === 'link' ? words.link : words.refused
  return linkEmail({
    subject: say.subject(organizationName),
    language,
    direction,
    link,
    button: say.button,
    above: (set) => [greetings[own](set(name)), say.body(set(organizationName)), ...(kind === 'link' ? [] : [words.refused.reason(set(reason))])],
    below: say.below,
  })
}
