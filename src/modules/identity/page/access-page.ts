import { html } from 'hono/html'
import type { ApiKey } from '../api-key/api-keys.ts'
import type { ApiClient } from '../client/clients.ts'
import type { Html } from './frame.ts'
import { act, bdi, dateOf, isolated, manageFrame, type Managing, type Notice, placeOf } from './manage-frame.ts'
import { type ManageFault, manageWords } from './manage-words.ts'

export interface AccessView {
  readonly managing: Managing
  readonly apiKeys: readonly ApiKey[]
  readonly clients: readonly ApiClient[]
  readonly now: Date
  readonly notice?: Notice | undefined
  readonly fault?: ManageFault | undefined
}

/** Programs that act for the organization, and the way to stop them. */
export function accessPage({ managing, apiKeys, clients, now, notice, fault }: AccessView): Html {
  const { language, membership } = managing
  const { access: say } = manageWords[language]
  const to = `${placeOf(membership.slug, 'access')}?lang=${language}`
  const ended = (at: Date | null, expiresAt: Date | null) => at !== null || (expiresAt !== null && expiresAt <= now)
  const row = (kind: 'key' | 'client', one: { id: string; name: string; scopes: readonly string[] }, isOver: boolean, facts: readonly string[]) => html`<li><span><strong>${bdi(one.name)}${
    isOver ? html`<span class="mark">${say.ended}</span>` : ''}</strong><span class="soft">${facts.join(' · ')}${facts.length > 0 ? html`<br>` : ''}${say.scopes} <bdi dir="ltr">${one.scopes.join(' ')}</bdi></span></span>
${isOver ? '' : html`<div class="acts"><details><summary class="quiet" aria-label="${say.revoke}: ${one.name}">${say.revoke}</summary><p>${say.revokeText(isolated(one.name))}</p>${
    act(to, { do: kind, id: one.id }, say.surely, one.name)}</details></div>`}</li>`
  const body = html`<p class="soft">${say.text}</p>
<h2>${say.keys}</h2>
${apiKeys.length === 0 ? html`<p>${say.noKeys}</p>` : ''}
<ul class="rows">${apiKeys.map((key) => row('key', key, ended(key.revokedAt, key.expiresAt), [
    key.lastUsedOn === null ? say.neverUsed : say.lastUsed(dateOf(language, new Date(key.lastUsedOn))), say.until(dateOf(language, key.expiresAt)),
  ]))}</ul>
<h2>${say.clients}</h2>
${clients.length === 0 ? html`<p>${say.noClients}</p>` : ''}
<ul class="rows">${clients.map((client) => row('client', client, ended(client.disabledAt, client.expiresAt), client.expiresAt ? [say.until(dateOf(language, client.expiresAt))] : []))}</ul>`
  return manageFrame(managing, { tab: 'access', notice, fault, body })
}
