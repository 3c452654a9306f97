import type { CredentialDescription } from '../credential/describe.ts'
import { html, type Html, withoutMarks } from './html.ts'
import { type Language, languages } from '#platform/page/language.ts'
import { words } from './translations.ts'
import type { Verdict } from './words.ts'

/** As Open Graph writes languages. */
const locales: Readonly<Record<Language, string>> = { en: 'en_US', ar: 'ar_AR' }

interface Preview {
  readonly language: Language
  readonly url: string
  readonly title: string
  readonly text: string
  readonly site: string
}

/** Where the page is, in which languages, and what stands in a message or on a wall where its link was put: Open Graph. */
export const openGraph = ({ language, url, title, text, site }: Preview): Html => html`<link rel="canonical" href="${url}">
${languages.map((one) => html`<link rel="alternate" hreflang="${one}" href="${url}?lang=${one}">
`)}<meta name="description" content="${text}">
<meta property="og:type" content="website">
<meta property="og:site_name" content="${site}">
<meta property="og:title" content="${title}">
<meta property="og:description" content="${text}">
<meta property="og:url" content="${url}">
<meta property="og:locale" content="${locales[language]}">
${languages.filter((one) => one !== language).map((one) => html`<meta property="og:locale:alternate" content="${locales[one]}">`)}`

/** A credential that does not hold is told as such, and has no picture. */
export function linkPreview(
  { content, links }: CredentialDescription,
  { verdict, shared, title, language }: { verdict: Verdict; shared: boolean; title: string; language: Language },
): Html {
  const say = words[language]
  const issuer = withoutMarks(content.issuerName)
  const text = verdict === 'active' ? say.preview.text(issuer) : say.verdict[verdict].title
  return html`${openGraph({ language, url: links.html, title, text, site: issuer })}
<link rel="alternate" type="application/vc+ld+json" href="${links.json}">
${shared ? picture(links.preview, withoutMarks(say.preview.picture(content.achievementName, content.recipientName))) : html`<meta name="twitter:card" content="summary">`}`
}

const picture = (url: string, alt: string): Html => html`<meta property="og:image" content="${url}">
<meta property="og:image:type" content="image/png">
<meta property="og:image:width" content="1200">
<meta property="og:image:height" content="630">
<meta property="og:image:alt" content="${alt}">
<meta name="twitter:card" content="summary_large_image">`
