import { html, raw } from 'hono/html'
import { style } from './form-style.ts'
import { directionOf, type Language, languages } from './language.ts'

export type Html = ReturnType<typeof html>

export interface Frame {
  readonly language: Language
  readonly title: string
  readonly body: Html
  /** At the start of the line above; absent: the name of this software. */
  readonly brand?: Html | undefined
  /** Of the answer's content security policy. */
  readonly nonce: string
}

/** What leads to the page in the other language, in that language. */
const otherLanguage: Readonly<Record<Language, string>> = { en: 'العربية', ar: 'English' }

/** A page with forms: without script, in the reader's language. Addresses of these pages may open something, so no other site is told them. */
export const frame = ({ language, title, body, brand, nonce }: Frame): Html => {
  const other = languages.find((one) => one !== language)!
  return html`<!doctype html>
<html lang="${language}" dir="${directionOf(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="same-origin">
<meta name="robots" content="noindex">
<title>${title}</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">${raw(style)}</style>
</head>
<body>
<header class="top"><span>${brand ?? 'Vellum'}</span><a href="?lang=${other}" hreflang="${other}" lang="${other}">${otherLanguage[language]}</a></header>
<main>${body}</main>
</body>
</html>`
}

export interface Field {
  readonly name: string
  readonly label: string
  readonly hint?: string
  readonly type?: 'text' | 'email' | 'password'
  readonly value?: string | undefined
  /** Of HTML, for the browser to fill in. */
  readonly autocomplete: string
}

export const field = ({ name, label, hint, type = 'text', value = '', autocomplete }: Field): Html => html`<label>${label}
${hint === undefined ? '' : html`<small id="${name}-hint">${hint}</small>`}
<input name="${name}" type="${type}" value="${value}" required maxlength="254" autocomplete="${autocomplete}"${
  hint === undefined ? '' : html` aria-describedby="${name}-hint"`}></label>
`

export const alert = (text: string | undefined): Html | '' => (text === undefined ? '' : html`<p role="alert">${text}</p>`)
