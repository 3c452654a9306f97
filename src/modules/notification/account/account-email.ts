import type { AccountMail } from '#modules/identity/index.ts'
import type { EmailText } from '../email/certificate-email.ts'
import { linkEmail } from '../email/link-email.ts'
import { accountWords } from './account-words.ts'

/** A mail to a person who signs in: with a link that opens something, or about a change of how they sign in. */
export function accountEmail({ kind, name, locale, link, organizationName = 'Vellum', role = 'viewer', change, changedAt }: AccountMail): EmailText {
  const { words, language } = accountWords(locale)
  const { invitation, signIn, reset, changed } = words
  const common = { language, direction: words.direction, link }
  const greeting = (set: (text: string) => string) => words.greeting(name && set(name))
  if (kind === 'security-change') {
    const [subject, body] = changed.of[change!]
    return linkEmail({
      ...common, subject, button: changed.button,
      above: (set) => [greeting(set), body, changed.when(timeOf(language, changedAt!))],
      below: [changed.expected, change === 'account-deleted' ? changed.tooLate : changed.otherwise],
    })
  }
  const say = { invitation, 'sign-in-link': signIn, 'password-reset': reset }[kind]
  return linkEmail({
    ...common,
    subject: typeof say.subject === 'string' ? say.subject : say.subject(organizationName),
    button: say.button,
    above: (set) => [greeting(set), typeof say.body === 'string' ? say.body : say.body(set(organizationName), words.roles[role])],
    below: [say.until, say.otherwise],
  })
}

const timeOf = (language: string, at: string): string =>
  `${new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(new Date(at))} UTC`
