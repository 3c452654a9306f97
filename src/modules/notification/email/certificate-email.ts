import type { MessageContent } from '../tables.ts'
import { wordsFor } from './words.ts'

export interface EmailText {
  readonly subject: string
  readonly text: string
  readonly html: string
  /** BCP 47 tag for `Content-Language`. */
  readonly language: string
}

// First strong isolate and its end: a name in another script does not reorder the words around it.
const isolate = (text: string): string => `\u2068${text}\u2069`

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character] as string)

/** The mail that brings somebody their certificate: plain text beside HTML, no picture and no tracking. */
export function certificateEmail(content: MessageContent, publicUrl: string): EmailText {
  const { words, language } = wordsFor(content.locale)
  const link = `${publicUrl}/v/${content.publicId}`
  const plain = {
    name: isolate(content.recipientName),
    achievement: isolate(content.achievementName),
    issuer: isolate(content.issuerName),
  }
  const mark = content.test ? '[TEST] ' : ''
  const paragraphs = [
    words.greeting(plain.name),
    words.body(plain.achievement, plain.issuer),
    `${words.button}: ${link}`,
    words.attached,
    words.keep(plain.issuer),
    ...(content.test ? [words.test] : []),
  ]
  return {
    // A subject has no isolates: mail programs show them as boxes.
    subject: mark + words.subject(content.achievementName, content.issuerName),
    text: `${paragraphs.join('\n\n')}\n`,
    html: html(content, link),
    language,
  }
}

function html(content: MessageContent, link: string): string {
  const { words, language } = wordsFor(content.locale)
  const bdi = (text: string, style = ''): string => `<bdi${style && ` style="${style}"`}>${escapeHtml(text)}</bdi>`
  const issuer = bdi(content.issuerName)
  const strong = 'font-weight:600;color:#14213d'
  const paragraph = (inner: string, style = ''): string => `<p style="margin:0 0 16px;${style}">${inner}</p>`
  const note = content.test
    ? paragraph(escapeHtml(words.test), 'padding:12px 16px;background:#fff4d6;border-radius:6px;color:#6b4e00')
    : ''
  return `<!doctype html>
<html lang="${language}" dir="${words.direction}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light">
<title>${escapeHtml(words.subject(content.achievementName, content.issuerName))}</title></head>
<body style="margin:0;padding:0;background:#f3f4f7">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="background:#f3f4f7"><tr><td align="center" style="padding:32px 12px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px;background:#ffffff;border-radius:10px;border-top:6px solid #1f4e8c">
<tr><td style="padding:32px 36px 8px;font:600 15px/1.4 'Segoe UI',Helvetica,Arial,sans-serif;color:#1f4e8c;text-align:start">${issuer}</td></tr>
<tr><td dir="${words.direction}" style="padding:8px 36px 24px;font:16px/1.6 'Segoe UI',Helvetica,Arial,sans-serif;color:#333b4a;text-align:start">
${paragraph(words.greeting(bdi(content.recipientName, strong)))}
${paragraph(words.body(bdi(content.achievementName, strong), issuer))}
<p style="margin:28px 0"><a href="${escapeHtml(link)}" style="display:inline-block;padding:13px 26px;background:#1f4e8c;color:#ffffff;border-radius:6px;text-decoration:none;font-weight:600">${escapeHtml(words.button)}</a></p>
${paragraph(escapeHtml(words.attached))}
${paragraph(words.keep(issuer))}
${note}
</td></tr>
<tr><td dir="ltr" style="padding:16px 36px 28px;border-top:1px solid #e4e7ee;font:13px/1.5 'Segoe UI',Helvetica,Arial,sans-serif;text-align:start"><a href="${escapeHtml(link)}" style="color:#5a6476;word-break:break-all">${escapeHtml(link)}</a></td></tr>
</table></td></tr></table>
</body></html>
`
}
