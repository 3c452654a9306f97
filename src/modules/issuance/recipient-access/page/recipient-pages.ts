import { html } from 'hono/html'
import { field, frame, type Html } from '#platform/page/form-frame.ts'
import type { Language } from '#platform/page/language.ts'
import type { ErasureRequestState } from '../access-tables.ts'
import type { OwnCredential } from '../own-credentials.ts'
import { words } from './words.ts'

/** What every page for recipients is given. */
export interface Visit {
  readonly language: Language
  readonly nonce: string
  readonly issuer: { readonly slug: string; readonly name: string }
}

const isolated = (text: string): string => `\u2068${text}\u2069`
const name = (text: string): Html => html`<bdi dir="auto">${text}</bdi>`
/** Dates in the language of the words beside them; of UTC, as on all pages. */
const day = (at: Date, language: Language): string => new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' }).format(at)
const clock = (at: Date, language: Language): string => `${new Intl.DateTimeFormat(language, { timeStyle: 'short', timeZone: 'UTC' }).format(at)} UTC`
const pathOf = ({ issuer, language }: Visit, more = ''): string => `/recipient/${issuer.slug}${more}?lang=${language}`

/** `title` stands in the tab too, where nothing is isolated. */
const page = ({ language, nonce, issuer }: Visit, title: string, body: Html): Html =>
  frame({ language, nonce, title, body, brand: name(issuer.name) })

const passage = (visit: Visit, { title, text }: { title: string; text: string }, more: Html | '' = ''): Html =>
  page(visit, title, html`<h1>${title}</h1>
<p>${text}</p>${more}`)

const askForm = (visit: Visit): Html => {
  const say = words[visit.language].ask
  return html`<form method="post" action="${pathOf(visit, '/link')}">
${field({ name: 'email', label: say.email, type: 'email', autocomplete: 'email' })}
<button>${say.button}</button></form>`
}

/** Where a link is asked for. `note`: why somebody is here again. */
export function askPage(visit: Visit, note?: string): Html {
  const say = words[visit.language].ask
  return page(visit, say.title(visit.issuer.name), html`<h1>${say.title(isolated(visit.issuer.name))}</h1>
${note === undefined ? '' : html`<p role="status">${note}</p>`}
<p>${say.text}</p>
${askForm(visit)}`)
}

/** The same for everybody, whether there is such a recipient or not. */
export const sentPage = (visit: Visit): Html => {
  const say = words[visit.language].sent
  return passage(visit, say, html`<p class="soft">${say.more}</p>`)
}

/** What a followed link shows: a button. Programs that look at the links in a mail use none of them up. */
export function enterPage(visit: Visit, token: string): Html {
  const say = words[visit.language].enter
  return page(visit, say.title(visit.issuer.name), html`<h1>${say.title(isolated(visit.issuer.name))}</h1>
<p>${say.text}</p>
<form method="post" action="${pathOf(visit, `/link/${token}`)}"><button>${say.button}</button></form>`)
}

export const oldLinkPage = (visit: Visit): Html => passage(visit, words[visit.language].oldLink, askForm(visit))
export const leftPage = (visit: Visit): Html => passage(visit, words[visit.language].left, html`<p><a href="${pathOf(visit)}">${words[visit.language].ask.button}</a></p>`)
export const erasedPage = (visit: Visit): Html => passage(visit, words[visit.language].gone)

export interface HomeView {
  readonly person: { readonly name: string; readonly email: string } | undefined
  readonly expiresAt: Date
  readonly credentials: readonly OwnCredential[]
  readonly after: string | undefined
  readonly next: string | undefined
  readonly request: { readonly state: ErasureRequestState; readonly reason: string | null; readonly createdAt: Date } | undefined
}

/** All that an organization issued to somebody, and what they may do about it. */
export function homePage(visit: Visit, { person, expiresAt, credentials, after, next, request }: HomeView): Html {
  const { language, issuer } = visit
  const { home: say, data } = words[language]
  const pages = next === undefined && after === undefined ? '' : html`<p class="pager">
${after === undefined ? '' : html`<a class="quiet" href="${pathOf(visit)}">${say.newest}</a>`}
${next === undefined ? '' : html`<a class="quiet" href="${pathOf(visit)}&after=${next}">${say.older}</a>`}</p>`
  return page(visit, say.title(issuer.name), html`<h1>${say.title(isolated(issuer.name))}</h1>
<p>${person === undefined ? '' : html`${name(person.name)}<br><span class="soft" dir="ltr">${person.email}</span><br>`}<span class="soft">${say.until(clock(expiresAt, language))}</span></p>
<form method="post" action="${pathOf(visit, '/leave')}"><button class="quiet">${say.leave}</button></form>
${credentials.length === 0 ? html`<p>${say.none}</p>` : html`<p class="soft">${say.seeHint}</p>`}
<ul class="rows">${credentials.map((credential) => row(visit, credential))}</ul>${pages}
<h2>${data.title}</h2>
<p>${data.text}</p>
<p><a class="button" href="/v1/exports/mine" download>${data.download}</a></p>
${erasurePart(visit, request)}`)
}

function row({ language }: Visit, credential: OwnCredential): Html {
  const { home: say } = words[language]
  const { publicId, state, achievement, issuedAt, completedOn, changedAt, isSigned, isPrinted } = credential
  const facts = [
    changedAt !== null && state !== 'issued' ? `${say.states[state]}, ${say.since} ${day(changedAt, language)}` : say.states[state],
    ...(issuedAt === null ? [] : [`${say.issued} ${day(issuedAt, language)}`]),
    ...(completedOn === null ? [] : [`${say.completed} ${day(new Date(completedOn), language)}`]),
  ]
  const at = `/v/${publicId}`
  const files = [
    ...(isPrinted ? [[say.files.pdf, `${at}/certificate.pdf`]] : []),
    ...(isSigned ? [[say.files.badge, `${at}/badge.png`], [say.files.json, `${at}/credential.json`]] : []),
  ] as [string, string][]
  const links = [...(isSigned ? [[say.see, `${at}?lang=${language}`] as const] : []), ...files]
  return html`<li><span><strong>${name(achievement)}</strong><span class="soft">${facts.join(' · ')}</span>
<span class="links">${links.map(([label, href]) => html`<a href="${href}" aria-label="${label}: ${achievement}">${label}</a> `)}</span></span></li>`
}

function erasurePart(visit: Visit, request: HomeView['request']): Html {
  const { language } = visit
  const { erasure: say } = words[language]
  const begin = html`<p><a class="quiet" href="${pathOf(visit, '/erasure')}">${say.button}</a></p>`
  const told = request === undefined ? '' : {
    open: () => html`<p role="status">${say.open(day(request.createdAt, language))}</p>
<form method="post" action="${pathOf(visit, '/erasure/take-back')}"><button class="quiet">${say.takeBack}</button></form>`,
    erasing: () => html`<p role="status">${say.erasing}</p>`,
    refused: () => html`<p>${say.refused(day(request.createdAt, language))}</p><blockquote dir="auto">${request.reason ?? ''}</blockquote>${begin}`,
    withdrawn: () => html`<p class="soft">${say.takenBack}</p>${begin}`,
  }[request.state]()
  return html`<h2>${say.title}</h2>
<p>${say.text}</p>${told === '' ? begin : told}`
}

/** What it means, before it is asked for. */
export function erasurePage(visit: Visit): Html {
  const { erasure: say } = words[visit.language]
  return page(visit, say.sure, html`<h1>${say.sure}</h1>
<ul>${say.consequences.map((one) => html`<li>${one}</li>`)}</ul>
<form method="post" action="${pathOf(visit, '/erasure')}"><button>${say.confirm}</button></form>
<p><a href="${pathOf(visit)}">${say.back}</a></p>`)
}

/** A refusal, without an organization: there may be none. */
export function problemPage({ language, nonce }: Pick<Visit, 'language' | 'nonce'>, problem: 'missing' | 'away' | 'tooMany' | 'foreign' | 'other'): Html {
  const { title, text } = words[language].problem[problem]
  return frame({ language, nonce, title, body: html`<h1>${title}</h1><p>${text}</p>` })
}
