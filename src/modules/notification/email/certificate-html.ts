import type { MessageContent } from '../tables.ts'
import { wordsFor } from './words.ts'

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character] as string)

const sans = "'Segoe UI',Helvetica,Arial,'Noto Sans Arabic',sans-serif"
const serif = "Georgia,'Noto Serif','Noto Naskh Arabic',serif"

/** For programs that read it; those that do not, show the inline colours, which hold when they are turned round too. */
const dark = `:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (prefers-color-scheme:dark){.paper{background:#13161b!important}.sheet{background:#1c2027!important;border-color:#2d333d!important}
.ink{color:#eceae4!important}.soft{color:#a8afba!important}.brand{color:#a9c7ee!important}.gold{color:#d3b57a!important}
.line{border-color:#2d333d!important}.press{background:#a9c7ee!important;color:#13161b!important}.test{background:#352b16!important;color:#f0c067!important}}`

/**
 * Tables and inline styles, because mail programs know little else; one fixed column of at most 600 px, so that a long word
 * breaks in it. Nothing is fetched: a picture would tell somebody that it was opened.
 */
export function certificateHtml(content: MessageContent, { link, ask }: { link: string; ask: { text: string; href: string } | undefined }): string {
  const { words, language } = wordsFor(content.locale)
  const { direction } = words
  const start = direction === 'rtl' ? 'right' : 'left'
  const bdi = (text: string, style = '', more = ''): string => `<bdi${style && ` style="${style}"`}${more}>${escapeHtml(text)}</bdi>`
  const issuer = bdi(content.issuerName)
  const name = bdi(content.recipientName, 'font-weight:600')
  const achievement = bdi(content.achievementName, 'font-weight:600')
  const row = (inner: string, style: string, names = ''): string =>
    `<tr><td dir="${direction}" class="${names}" style="text-align:${start};overflow-wrap:anywhere;word-break:break-word;${style}">${inner}</td></tr>`
  const paragraph = (inner: string, style = ''): string => `<p style="margin:0 0 14px;${style}">${inner}</p>`
  const table = (inner: string, names: string, style: string): string =>
    `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" class="${names}" style="table-layout:fixed;max-width:600px;${style}">${inner}</table>`
  const anchor = (href: string, text: string): string => `<a href="${escapeHtml(href)}" dir="ltr" class="brand" style="color:#1f3a5f">${escapeHtml(text)}</a>`
  const title = escapeHtml(words.subject(content.achievementName, content.issuerName))
  return `<!doctype html>
<html lang="${language}" dir="${direction}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">
<title>${title}</title><style>${dark}</style></head>
<body class="paper" style="margin:0;padding:0;background:#f4f1ea">
<div style="display:none;max-height:0;overflow:hidden;opacity:0">${words.preheader(issuer)}${'&#847;&zwnj;&nbsp;'.repeat(40)}</div>
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" class="paper" style="background:#f4f1ea"><tr><td align="center" style="padding:32px 10px 40px">
${table(
  (content.test ? row(escapeHtml(words.test), `padding:14px 7%;background:#fbf0d9;border-radius:13px 13px 0 0;font:600 15px/1.6 ${sans};color:#6b4600`, 'test') : '') +
    row(issuer, `padding:34px 7% 26px;font:600 16px/1.5 ${sans};color:#1d2430`, 'ink') +
    row(escapeHtml(words.kicker), `padding:0 7%;font:600 14px/1.5 ${sans};color:#8a6a2f`, 'gold') +
    row(`<h1 class="brand" style="margin:0;font:600 29px/1.3 ${serif};color:#1f3a5f">${bdi(content.achievementName)}</h1>`, 'padding:2px 7% 24px') +
    row(
      paragraph(words.greeting(name)) + paragraph(words.body(achievement, issuer)) +
        `<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:28px 0 10px"><tr><td class="press" bgcolor="#1f3a5f" style="border-radius:9px;background:#1f3a5f"><a href="${escapeHtml(link)}" class="press" style="display:inline-block;padding:14px 30px;font:600 16px/1.4 ${sans};color:#ffffff;background:#1f3a5f;border-radius:9px;text-decoration:none">${escapeHtml(words.button)}</a></td></tr></table>`,
      `padding:0 7% 22px;font:17px/1.6 ${sans};color:#1d2430`,
      'ink',
    ) +
    row(
      paragraph(escapeHtml(words.attached)) + paragraph(words.keep(issuer)) + paragraph(escapeHtml(words.share)) +
        paragraph(anchor(link, link), 'font-size:14px;margin:0'),
      `padding:24px 7% 30px;border-top:1px solid #e6e0d4;font:15px/1.65 ${sans};color:#566070`,
      'soft line',
    ),
  'sheet',
  'background:#fffdf8;border:1px solid #e6e0d4;border-radius:14px',
)}
${table(
  row(
    paragraph(words.why(issuer, bdi(content.recipientEmail, '', ' dir="ltr"')), 'margin:0 0 8px') +
      (ask ? paragraph(words.ask(issuer, anchor(ask.href, ask.text)), 'margin:0 0 8px') : '') +
      paragraph(escapeHtml(words.untracked), 'margin:0'),
    `padding:22px 7% 0;font:13px/1.6 ${sans};color:#5c6472`,
    'soft',
  ),
  '',
  '',
)}
</td></tr></table>
</body></html>
`
}
