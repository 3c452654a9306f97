import type { EmailText } from './certificate-email.ts'
import { escapeHtml } from './certificate-html.ts'

// First strong isolate and its end.
const isolate = (text: string): string => `\u2068${text}\u2069`
const bdi = (text: string): string => `<bdi dir="auto">${escapeHtml(text)}</bdi>`

export interface LinkEmail {
  readonly subject: string
  /** BCP 47. */
  readonly language: string
  readonly direction: 'ltr' | 'rtl'
  /** Absent where there is nothing to open: then there is no button either. */
  readonly link?: string | undefined
  readonly button: string
  /** Paragraphs before the button; what people typed goes through `set`, which makes text or markup of it. */
  readonly above: (set: (text: string) => string) => readonly string[]
  readonly below: readonly string[]
}

/** A mail that is about one link, or about none: plain text beside HTML with the same content; nothing is fetched. */
export function linkEmail({ subject, language, direction, link, button, above, below }: LinkEmail): EmailText {
  const start = direction === 'rtl' ? 'right' : 'left'
  const paragraph = (inner: string): string => `<p style="margin:0 0 14px">${inner}</p>`
  const address = link === undefined ? undefined : escapeHtml(link)
  return {
    subject,
    language,
    text: `${[...above(isolate), ...(link === undefined ? [] : [`${button}:\n${link}`]), ...below].join('\n\n')}\n`,
    html: `<!doctype html>
<html lang="${language}" dir="${direction}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${escapeHtml(subject)}</title></head>
<body style="margin:0;padding:32px 10px;background:#f4f1ea"><table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td align="center">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px;background:#fffdf8;border:1px solid #e6e0d4;border-radius:14px"><tr>
<td dir="${direction}" style="padding:34px 7%;text-align:${start};font:17px/1.6 'Segoe UI',Helvetica,Arial,'Noto Sans Arabic',sans-serif;color:#1d2430;overflow-wrap:anywhere">
${above(bdi).map(paragraph).join('')}
${address === undefined ? '' : `<p style="margin:26px 0"><a href="${address}" style="display:inline-block;padding:14px 30px;font-weight:600;color:#ffffff;background:#1f3a5f;border-radius:9px;text-decoration:none">${escapeHtml(button)}</a></p>`}
${below.map((text) => paragraph(escapeHtml(text))).join('')}
${address === undefined ? '' : `<p style="margin:0;font-size:14px"><a href="${address}" dir="ltr" style="color:#1f3a5f">${address}</a></p>`}
</td></tr></table></td></tr></table></body></html>
`,
  }
}
