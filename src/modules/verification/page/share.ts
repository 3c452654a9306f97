import type { CredentialDescription } from '../credential/describe.ts'
import { month } from './format.ts'
import { html, type Html, typed, withoutMarks } from './html.ts'
import { icons } from './icons.ts'
import type { Language } from '#platform/page/language.ts'
import type { Words } from './words.ts'

const LINKEDIN = 'https://www.linkedin.com/profile/add'

/** LinkedIn’s form for a certification, filled in. Its months count from one; ours are those of UTC, as on the page. */
export function linkedInUrl({ content, row, claims, links, publicId }: CredentialDescription): string {
  const { validUntil } = claims
  const fields = new URLSearchParams({
    startTask: 'CERTIFICATION_NAME',
    name: withoutMarks(content.achievementName),
    organizationName: withoutMarks(content.issuerName),
    issueYear: String(row.issuedAt.getUTCFullYear()),
    issueMonth: String(row.issuedAt.getUTCMonth() + 1),
    ...(validUntil && { expirationYear: String(validUntil.getUTCFullYear()), expirationMonth: String(validUntil.getUTCMonth() + 1) }),
    certUrl: links.html,
    certId: publicId,
  })
  // Spaces as in every other address: not each form reads a plus as one.
  return `${LINKEDIN}?${String(fields).replaceAll('+', '%20')}`
}

/** Links alone: no script of anybody else, and nothing is told to anybody before a person follows one. */
export function sharing(description: CredentialDescription, language: Language, { share: say }: Words): Html {
  const { content, row, claims, links, publicId } = description
  const [achievement, name, issuer] = [content.achievementName, content.recipientName, content.issuerName].map(withoutMarks) as [string, string, string]
  const mail = `mailto:?subject=${encodeURIComponent(say.mailSubject(achievement, name))}&body=${encodeURIComponent(say.mailBody(achievement, name, issuer, links.html))}`
  const fields: readonly (readonly [string, Html | undefined])[] = [
    [say.fields.name, typed(achievement)],
    [say.fields.organization, typed(issuer)],
    [say.fields.issued, html`${month(row.issuedAt, language)}`],
    [say.fields.expires, claims.validUntil && html`${month(claims.validUntil, language)}`],
    [say.fields.id, html`<bdi dir="ltr">${publicId}</bdi>`],
    [say.fields.url, html`<bdi dir="ltr">${links.html}</bdi>`],
  ]
  return html`<section class="sheet card share"><h2>${say.title}</h2><p>${say.text}</p>
<div class="actions">
<a class="button" href="${linkedInUrl(description)}" rel="external noopener noreferrer">${icons.add}${say.linkedIn}</a>
<a class="button" href="${mail}">${icons.mail}${say.mail}</a>
</div>
<details><summary>${say.byHand}</summary><p>${say.byHandText}</p>
<dl class="fields">${fields.map(([label, value]) => value && html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
</details></section>`
}
