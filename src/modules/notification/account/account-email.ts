import type { AccountMail } from '#modules/identity/index.ts'
import type { EmailText } from '../email/certificate-email.ts'
import { escapeHtml } from '../email/certificate-html.ts'
import { accountWords } from './account-words.ts'

// First strong isolate and its end.
const isolate = (text: string): string => `\u2068${text}\u2069`
const bdi = (text: string): string => `<bdi>${escapeHtml(text)}</bdi>`

/** The mail with a link to accept an invitation or to sign in: plain text beside HTML with the same content; nothing is fetched. */
export function accountEmail({ kind, name, locale, link, organizationName = 'Vellum', role = 'viewer' }: AccountMail): EmailText {
  const { words, language } = accountWords(locale)
  const { button, until, otherwise } = kind === 'invitation' ? words.invitation : words.signIn
  const subject = kind === 'invitation' ? words.invitation.subject(organizationName) : words.signIn.subject
  const body = (set: (text: string) => string): string =>
    kind === 'invitation' ? words.invitation.body(set(organizationName), words.roles[role]) : words.signIn.body
  const start = words.direction === 'rtl' ? 'right' : 'left'
  const paragraph = (inner: string): string => `<p style="margin:0 0 14px">${inner}</p>`
  const address = escapeHtml(link)
  return {
    subject,
    language,
    text: `${[words.greeting(name && isolate(name)), body(isolate), `${button}:\n${link}`, until, otherwise].join('\n\n')}\n`,
    html: `<!doctype html>
<html lang="${language}" dir="${words.direction}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${escapeHtml(subject)}</title></head>
<body style="margin:0;padding:32px 10px;background:#f4f1ea"><table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td align="center">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:600px;background:#fffdf8;border:1px solid #e6e0d4;border-radius:14px"><tr>
<td dir="${words.direction}" style="padding:34px 7%;text-align:${start};font:17px/1.6 'Segoe UI',Helvetica,Arial,'Noto Sans Arabic',sans-serif;color:#1d2430;overflow-wrap:anywhere">
${paragraph(words.greeting(name && bdi(name)))}${paragraph(body(bdi))}
<p style="margin:26px 0"><a href="${address}" style="display:inline-block;padding:14px 30px;font-weight:600;color:#ffffff;background:#1f3a5f;border-radius:9px;text-decoration:none">${escapeHtml(button)}</a></p>
${paragraph(escapeHtml(until))}${paragraph(escapeHtml(otherwise))}
<p style="margin:0;font-size:14px"><a href="${address}" dir="ltr" style="color:#1f3a5f">${address}</a></p>
</td></tr></table></td></tr></table></body></html>
`,
  }
}
