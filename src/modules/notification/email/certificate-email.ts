import type { MessageContent } from '../tables.ts'
import { certificateHtml } from './certificate-html.ts'
import { wordsFor } from './words.ts'

export interface EmailText {
  readonly subject: string
  readonly text: string
  readonly html: string
  /** BCP 47 tag for `Content-Language`. */
  readonly language: string
}

// First strong isolate and its end: a name in another script does not reorder the words around it. Addresses have none: it would
// become a part of the link that mail programs make of them.
const isolate = (text: string): string => `\u2068${text}\u2069`

/** The mail that brings somebody their certificate: plain text beside HTML with the same content, no picture and no tracking. */
export function certificateEmail(content: MessageContent, publicUrl: string): EmailText {
  const { words, language } = wordsFor(content.locale)
  const link = `${publicUrl}/v/${content.publicId}`
  const name = isolate(content.recipientName)
  const achievement = isolate(content.achievementName)
  const issuer = isolate(content.issuerName)
  const paragraphs = [
    ...(content.test ? [words.test] : []),
    words.greeting(name),
    words.body(achievement, issuer),
    `${words.button}:\n${link}`,
    words.attached,
    words.keep(issuer),
    words.share,
    '--',
    words.why(issuer, content.recipientEmail),
    ...whereToAsk(content, publicUrl).map(({ text }) => words.ask(issuer, text)),
    words.untracked,
  ]
  return {
    // A subject has no isolates: mail programs show them as boxes.
    subject: (content.test ? '[TEST] ' : '') + words.subject(content.achievementName, content.issuerName),
    text: `${paragraphs.join('\n\n')}\n`,
    html: certificateHtml(content, { link, ask: whereToAsk(content, publicUrl)[0] }),
    language,
  }
}

/** The issuer's address for questions, else its page; nothing where neither could be had. */
function whereToAsk({ contact }: MessageContent, publicUrl: string): { text: string; href: string }[] {
  if (contact === undefined) return []
  if (contact.email !== undefined) return [{ text: contact.email, href: `mailto:${encodeURI(contact.email)}` }]
  const page = `${publicUrl}/issuers/${contact.slug}`
  return [{ text: page, href: page }]
}
