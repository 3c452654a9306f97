import type { Organization } from '#modules/identity/index.ts'
import { LEAST_LISTED, type PublicRecord } from '../issuer/public-record.ts'
import { number, time } from './format.ts'
import { frame, withQuery } from './frame.ts'
import { html, type Html, typed, withoutMarks } from './html.ts'
import { icons } from './icons.ts'
import type { Language } from '#platform/page/language.ts'
import { openGraph } from './link-preview.ts'
import { seal } from './seal.ts'
import { words } from './translations.ts'
import type { Words } from './words.ts'
import { yoursByAddress } from './yours.ts'

export interface IssuerDescription {
  readonly organization: Organization
  readonly record: PublicRecord
  readonly did: string | undefined
  readonly links: { readonly html: string; readonly didDocument: string }
  /** What the addresses of all credentials here begin with. */
  readonly credentialsAt: string
}

interface Visit {
  readonly language: Language
  /** The language that the address names, which links keep. */
  readonly asked: string | undefined
  readonly after: string | undefined
}

/** The page of an organization, for people: `GET /issuers/{slug}`. */
export function issuerPage(description: IssuerDescription, visit: Visit): string {
  const { organization, links } = description
  const { language, after } = visit
  const all = words[language]
  const say = all.issuer
  const name = withoutMarks(organization.name)
  const body = html`<div class="page single">
<div class="sheet">
${about(description, language, say)}
${identity(description, say)}
<section class="part"><h2>${say.achievements}</h2>
${achievements(description, visit, say)}
</section>
${organization.frozenAt !== undefined && yoursByAddress(organization.slug, language, all)}
<section class="part"><h2>${say.verifyTitle}</h2>
<ol class="steps"><li>${say.verify[0]} <code>${description.credentialsAt}</code></li><li>${say.verify[1]}</li><li>${say.verify[2]}</li></ol>
</section>
<p class="address">${all.address} <a href="${links.html}">${links.html}</a></p>
</div>
</div>`
  const title = `${name} · ${say.title}`
  // It is the organization's own to be found by; only its first page is, and only once it has issued.
  const robots = organization.frozenAt !== undefined && after === undefined ? 'index' : 'noindex'
  const head = html`${openGraph({ language, url: links.html, title: name, text: say.preview(name), site: name })}
<meta name="twitter:card" content="summary">`
  return frame({ language, title, body, brand: typed(organization.name), head, query: { after }, robots })
}

function about({ organization, record }: IssuerDescription, language: Language, say: Words['issuer']): Html {
  const { url, contactEmail, frozenAt } = organization
  const facts: readonly (readonly [string, Html | undefined])[] = [
    [say.site, url === undefined ? undefined : html`<a href="${url}" rel="external noopener nofollow"><bdi dir="ltr">${shortUrl(url)}</bdi></a>`],
    [say.contact, contactEmail === undefined ? undefined : html`<a href="mailto:${encodeURI(contactEmail)}"><bdi dir="ltr">${contactEmail}</bdi></a>`],
    [say.since, frozenAt === undefined ? undefined : time(new Date(frozenAt), language)],
    [say.total, frozenAt === undefined ? undefined : html`${number(record.credentials, language)}`],
  ]
  return html`<article class="award">
<div class="issuer">${seal(organization.name)}<p><span class="label">${say.kicker}</span></p></div>
<h1 dir="auto">${typed(organization.name)}</h1>
<dl class="facts">${facts.map(([label, value]) => value && html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
</article>`
}

/** The address as people say it. */
function shortUrl(url: string): string {
  const { host, pathname, search } = new URL(url)
  return host + (pathname === '/' ? '' : pathname) + search
}

function identity({ organization, did, links }: IssuerDescription, say: Words['issuer']): Html | undefined {
  if (organization.frozenAt === undefined) return undefined
  const explained = did === undefined
    ? html`<p>${say.unknownIdentifier}</p>`
    : html`<p>${did.startsWith('did:web:') ? say.web : say.key}</p><p class="did"><code>${did}</code></p><p class="more"><a href="${links.didDocument}">${say.keys}</a></p>`
  return html`<section class="part"><h2>${say.identifier}</h2>${explained}</section>`
}

function achievements({ organization, record, links }: IssuerDescription, { language, asked, after }: Visit, say: Words['issuer']): Html {
  if (organization.frozenAt === undefined) return empty(say.nothingYet.title, say.nothingYet.text)
  if (record.achievements.length === 0 && after === undefined) return empty(undefined, say.empty)
  const path = new URL(links.html).pathname
  return html`<p>${say.achievementsText(number(LEAST_LISTED, language))}</p>
<ul class="list">${record.achievements.map(({ name, credentials }) =>
    html`<li><span class="what" dir="auto">${typed(name)}</span> <span class="count">${say.times(number(credentials, language))}</span></li>`)}</ul>
${(record.next !== undefined || after !== undefined) && html`<p class="pager">
${after !== undefined && html`<a class="button" href="${withQuery(path, { lang: asked })}">${say.newest}</a>`}
${record.next !== undefined && html`<a class="button" href="${withQuery(path, { lang: asked, after: record.next })}">${say.older}</a>`}</p>`}`
}

const empty = (title: string | undefined, text: string): Html =>
  html`<div class="empty">${icons.nothing}<div>${title !== undefined && html`<h3>${title}</h3>`}<p>${text}</p></div></div>`
