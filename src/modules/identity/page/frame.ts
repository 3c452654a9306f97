import { html, raw } from 'hono/html'
import { directionOf, type Language, languages } from '#platform/page/language.ts'
import { style } from './style.ts'
import { words } from './words.ts'

export type Html = ReturnType<typeof html>

export interface Frame {
  readonly language: Language
  readonly title: string
  readonly body: Html
  /** Of the answer's content security policy. */
  readonly nonce: string
}

/** A page for people who sign in: without script, in their language. Addresses of these pages may open something, so no other site is told them. */
export const frame = ({ language, title, body, nonce }: Frame): Html => {
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
<header class="top"><span>Vellum</span><a href="?lang=${other}" hreflang="${other}" lang="${other}">${words[language].otherLanguage}</a></header>
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

/** For a code of an app, or one for when it is lost. */
export const codeField = (language: Language): Html =>
  field({ name: 'code', label: words[language].code.label, hint: words[language].code.hint, autocomplete: 'one-time-code' })
