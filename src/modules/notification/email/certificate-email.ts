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

const sans = "'Segoe UI',Helvetica,Arial,'Noto Sans Arabic',sans-serif"
const serif = "Georgia,'Noto Serif','Noto Naskh Arabic',serif"

/** Tables and inline styles, because mail programs know little else; one fixed column, so that a long word breaks in it. */
function html(content: MessageContent, link: string): string {
  const { words, language } = wordsFor(content.locale)
  const { direction } = words
  const start = direction === 'rtl' ? 'right' : 'left'
  const bdi = (text: string, style = ''): string => `<bdi${style && ` style="${style}"`}>${escapeHtml(text)}</bdi>`
  const issuer = bdi(content.issuerName)
  const strong = 'font-weight:600;color:#1d2430'
  const row = (inner: string, style: string): string =>
    `<tr><td dir="${direction}" style="text-align:${start};overflow-wrap:anywhere;word-break:break-word;${style}">${inner}</td></tr>`
  const paragraph = (inner: string, style = ''): string => `<p style="margin:0 0 14px;${style}">${inner}</p>`
  const note = content.test
    ? row(escapeHtml(words.test), `padding:14px 7%;background:#fbf0d9;border-radius:11px 11px 0 0;font:15px/1.6 ${sans};color:#6b4600`)
    : ''
  return `<!doctype html>
<html lang="${language}" dir="${direction}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light">
<title>${escapeHtml(words.subject(content.achievementName, content.issuerName))}</title></head>
<body style="margin:0;padding:0;background:#f4f1ea">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="background:#f4f1ea"><tr><td align="center" style="padding:28px 10px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="table-layout:fixed;max-width:580px;background:#fffdf8;border:1px solid #e3ddd0;border-radius:12px">
${note}
${row(issuer, `padding:30px 7% 0;font:600 15px/1.5 ${sans};color:#5b6472`)}
${row(`<h1 style="margin:0;font:600 27px/1.35 ${serif};color:#1f3a5f">${bdi(content.achievementName)}</h1>`, 'padding:4px 7% 22px')}
${row(
  paragraph(words.greeting(bdi(content.recipientName, strong))) +
    paragraph(words.body(bdi(content.achievementName, strong), issuer)) +
    `<p style="margin:26px 0 8px"><a href="${escapeHtml(link)}" style="display:inline-block;padding:13px 28px;background:#1f3a5f;color:#ffffff;border-radius:8px;text-decoration:none;font-weight:600">${escapeHtml(words.button)}</a></p>`,
  `padding:0 7% 20px;font:16px/1.65 ${sans};color:#1d2430`,
)}
${row(
  paragraph(escapeHtml(words.attached)) + paragraph(words.keep(issuer)) +
    paragraph(`<a href="${escapeHtml(link)}" dir="ltr" style="color:#1f3a5f">${escapeHtml(link)}</a>`, 'font-size:14px;margin:0'),
  `padding:22px 7% 28px;border-top:1px solid #e3ddd0;font:15px/1.65 ${sans};color:#5b6472`,
)}
</table></td></tr></table>
</body></html>
`
}
