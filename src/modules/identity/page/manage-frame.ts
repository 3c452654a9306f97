import { html } from 'hono/html'
import type { Language } from '#platform/page/language.ts'
import type { Role, Scope } from '../contract.ts'
import type { Membership } from '../membership/members.ts'
import { alert, frame, type Html } from './frame.ts'
import { type ManageFault, manageWords } from './manage-words.ts'

/** Who manages which organization, as far as a page needs it. */
export interface Managing {
  readonly language: Language
  readonly nonce: string
  readonly membership: Membership
  /** Of the role: what is not permitted is not shown. */
  readonly scopes: readonly Scope[]
  /** All that the person may act for. */
  readonly memberships: readonly Membership[]
}

export type Tab = 'members' | 'invitations' | 'access' | 'sign-in' | 'second-factor'
/** In the order in which they are shown, with the scope that one needs to see each. */
export const tabs: Readonly<Record<Tab, Scope>> = {
  members: 'members:read', invitations: 'members:read', access: 'clients:manage', 'sign-in': 'sign-in:manage', 'second-factor': 'organization:write',
}

export const placeOf = (slug: string, tab?: Tab): string => `/account/organizations/${slug}${tab === undefined ? '' : `/${tab}`}`

/** What was done, with the form that takes it back. */
export interface Notice {
  readonly text: string
  readonly undo?: Html | undefined
}

/** Isolated, so that a name of another direction turns nothing around it. */
export const isolated = (text: string): string => `\u2068${text}\u2069`
export const bdi = (text: string): Html => html`<bdi>${text}</bdi>`

export const dateOf = (language: Language, date: Date): string =>
  new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' }).format(date)

/** A form with one button, and all that it sends hidden. */
export const act = (action: string, fields: Readonly<Record<string, string>>, button: string, about?: string): Html => html`<form method="post" action="${action}">${
  Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}<button class="quiet"${
  about === undefined ? '' : html` aria-label="${button}: ${about}"`}>${button}</button></form>`

export const roleSelect = (roles: Readonly<Record<Role, string>>, given: readonly Role[], chosen: Role | undefined, label?: string): Html => html`<select name="role"${
  label === undefined ? '' : html` aria-label="${label}"`}>${given.map((role) => html`<option value="${role}"${role === chosen ? html` selected` : ''}>${roles[role]}</option>`)}</select>`

/** A page of an organization, with the way to its others, and to the person's other organizations. */
export function manageFrame(
  { language, nonce, membership, memberships, scopes }: Managing,
  { tab, notice, fault, body }: { tab?: Tab; notice?: Notice | undefined; fault?: ManageFault | undefined; body: Html },
): Html {
  const say = manageWords[language]
  const current = (is: boolean) => (is ? html` aria-current="page"` : '')
  const shown = (Object.keys(tabs) as Tab[]).filter((one) => scopes.includes(tabs[one]))
  const page = html`<p><a href="/account?lang=${language}">${say.back}</a></p>
${memberships.length < 2 ? '' : html`<nav class="tabs" aria-label="${say.organizations}">${memberships.map(({ slug, name }) =>
    html`<a href="${placeOf(slug)}?lang=${language}"${current(slug === membership.slug)}>${bdi(name)}</a> `)}</nav>`}
<h1>${bdi(membership.name)}</h1>
${shown.length === 0 ? html`<p>${say.nothing}</p>` : html`<nav class="tabs" aria-label="${membership.name}">${shown.map((one) =>
    html`<a href="${placeOf(membership.slug, one)}?lang=${language}"${current(one === tab)}>${say.tabs[one]}</a> `)}</nav>`}
${notice ? html`<div role="status">${notice.text}${notice.undo ?? ''}</div>` : ''}${alert(fault && say.faults[fault])}${body}`
  return frame({ language, nonce, title: `${tab === undefined ? say.organizations : say.tabs[tab]} · ${membership.name}`, body: page })
}

export const notHerePage = (language: Language, nonce: string): Html =>
  frame({
    language, nonce, title: manageWords[language].notHere,
    body: html`<h1>${manageWords[language].notHere}</h1><p>${manageWords[language].notHereText}</p><p><a href="/account?lang=${language}">${manageWords[language].back}</a></p>`,
  })
