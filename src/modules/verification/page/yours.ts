import type { Language } from '#platform/page/language.ts'
import { html, type Html } from './html.ts'
import { icons } from './icons.ts'
import type { Words } from './words.ts'

/** Where forms for recipients go to: pages of issuance, which keeps the addresses. */
const actionOf = (slug: string, language: Language): string => `/recipient/${slug}/link?lang=${language}`

/** On the page of a credential: no address is typed, the link goes to where the credential went. */
export const yoursByCredential = (slug: string, credentialId: string, language: Language, { yours: say }: Words): Html =>
  html`<section class="sheet card yours"><h2>${say.credential.title}</h2><p>${say.credential.text}</p>
<form method="post" action="${actionOf(slug, language)}"><input type="hidden" name="credential" value="${credentialId}">
<button class="button">${icons.mail}${say.button}</button></form></section>`

/** On the page of an issuer. */
export const yoursByAddress = (slug: string, language: Language, { yours: say }: Words): Html =>
  html`<section class="part yours"><h2>${say.issuer.title}</h2><p>${say.issuer.text}</p>
<form method="post" action="${actionOf(slug, language)}"><label>${say.email}
<input name="email" type="email" required maxlength="254" autocomplete="email" dir="auto"></label>
<button class="button">${icons.mail}${say.button}</button></form></section>`
