import type { AccountMail } from '#modules/identity/index.ts'
import type { EmailText } from '../email/certificate-email.ts'
import { linkEmail } from '../email/link-email.ts'
import { accountWords } from './account-words.ts'

/** The mail with a link to accept an invitation or to sign in. */
export function accountEmail({ kind, name, locale, link, organizationName = 'Vellum', role = 'viewer' }: AccountMail): EmailText {
  const { words, language } = accountWords(locale)
  const say = kind === 'invitation' ? words.invitation : words.signIn
  return linkEmail({
    subject: kind === 'invitation' ? words.invitation.subject(organizationName) : words.signIn.subject,
    language,
    direction: words.direction,
    link,
    button: say.button,
    above: (set) => [words.greeting(name && set(name)), kind === 'invitation' ? words.invitation.body(set(organizationName), words.roles[role]) : words.signIn.body],
    below: [say.until, say.otherwise],
  })
}
