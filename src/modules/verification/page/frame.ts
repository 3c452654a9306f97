import { html, type Html } from './html.ts'
import { directionOf, type Language, languages } from '#platform/page/language.ts'
import { stylePath } from './style.ts'
import { words } from './translations.ts'

export interface Frame {
  readonly language: Language
  readonly title: string
  readonly body: Html
  /** At the start of the line above; absent: the name of this software. */
  readonly brand?: Html
  /** What a shared link shows, and where the page has its address. */
  readonly head?: Html
  /** What the other language keeps of the address, beside the path. */
  readonly query?: Readonly<Record<string, string | undefined>>
  /** Absent: `noindex`. */
  readonly robots?: string
}

/** A whole public page: no script, no inline style, nothing from elsewhere. */
export function frame({ language, title, body, brand, head, query = {}, robots = 'noindex, noarchive' }: Frame): string {
  const other = languages.find((one) => one !== language)!
  return html`<!doctype html>
<html lang="${language}" dir="${directionOf(language)}">
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="${robots}">
<meta name="color-scheme" content="light dark">
${head}
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${stylePath}">
</head>
<body>
<header class="top"><span>${brand ?? 'Vellum'}</span><a href="${withQuery('', { ...query, lang: other })}" hreflang="${other}" lang="${other}" rel="alternate">${words[language].otherLanguage}</a></header>
<main>
${body}
</main>
<footer class="foot"><bdi>${words[language].footer}</bdi></footer>
</body>
</html>
`.text
}

/** An address with these parameters, those that are absent left out. */
export function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`
}
