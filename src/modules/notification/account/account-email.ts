import type { AccountMail } from '#modules/identity/index.ts'
import type { EmailText } from '../email/certificate-email.ts'
import { linkEmail } from '../email/link-email.ts'
import { accountWords } from './account-words.ts'

/** The mail with a link to accept an invitation, to sign in, or to set a new password. */
export function accountEmail({ kind, name, locale, link, organizationName = 'Vellum', role = 'viewer' }: AccountMail): EmailText {
  const { words, language } = accountWords(locale)
  const { invitation, signIn, reset } = words
  const say = { invitation, 'sign-in-link': signIn, 'password-reset': reset }[kind]
  return linkEmail({
    subject: typeof say.subject === 'string' ? say.subject : say.subject(organizationName),
    language,
    direction: words.direction,
    link,
    button: say.button,
    above: (set) => [words.greeting(name && set(name)), typeof say.body === 'string' ? say.body : say.body(set(organizationName), words.roles[role])],
    below: [say.until, say.otherwise],
  })
}
