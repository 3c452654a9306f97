import { html, type Html } from './html.ts'
import { directionOf, type Language, languages } from './language.ts'
import { stylePath } from './style.ts'
import { words } from './words.ts'

/** A whole public page: no script, no inline style, nothing from elsewhere. */
export function frame(options: { language: Language; title: string; body: Html; robots?: string }): string {
  const { language, title, body } = options
  const other = languages.find((one) => one !== language)!
  return html`<!doctype html>
<html lang="${language}" dir="${directionOf(language)}">
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="${options.robots ?? 'noindex'}">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${stylePath}">
</head>
<body>
<header class="top"><span>Vellum</span><a href="?lang=${other}" hreflang="${other}" lang="${other}" rel="alternate">${words[language].otherLanguage}</a></header>
<main class="sheet">
${body}
</main>
<footer class="foot"><bdi>${words[language].footer}</bdi></footer>
</body>
</html>
`.text
}
