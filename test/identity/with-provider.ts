import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { type OpenIdProvider, startOpenIdProvider } from '../servers/openid-provider.ts'
import { clients, inDatabase, publicUrl, start, stop } from './identity-alone.ts'
import { type Browser, browser, member, organization } from './people.ts'

/** Of the running test file. */
export let provider: OpenIdProvider

/** After `identityAlone()`: identity that may speak to a provider on this machine. */
export function withProvider(options: { inUserInfo?: boolean } = {}): void {
  beforeAll(async () => {
    provider = await startOpenIdProvider(options)
  })
  afterAll(() => provider.stop())
  beforeEach(async () => {
    provider.accounts.clear()
    provider.tamper = undefined
    await stop()
    await start({ SIGN_IN_PRIVATE_HOSTS: provider.host })
  })
}

export const settings = (more: object = {}) => ({ issuer: provider.issuer, clientId: provider.clientId, clientSecret: provider.clientSecret, ...more })

/** Somebody who has an account at the provider: their address is verified unless told. */
export function account(login: string, more: { email?: string; email_verified?: boolean; name?: string } = {}): string {
  provider.accounts.set(login, { sub: `sub-${login}`, email: `${login}@canary.example`, email_verified: true, name: `The ${login}`, ...more })
  return login
}

/** An organization whose owner set the provider. */
export async function organizationWithProvider(slug = 'acme', more: object = {}) {
  const made = await organization(slug)
  const owner = await member(made.organizationId, 'owner', `Owner-${slug}`)
  const set = async (settings: object, by: { token(): Promise<string> } = owner) =>
    owner.ask('PUT', '/v1/organization/sign-in', { token: await by.token(), json: settings })
  const answer = await set(settings(more))
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
  return { ...made, slug, owner, set, redirectUri: answer.json.redirectUri as string }
}

/** Chooses the organization on the page, and answers the link that leads to its provider. */
export async function leave(who: Browser, slug: string): Promise<string> {
  const page = await who.ask('POST', '/sign-in/organization', { form: { organization: slug } })
  const [, url] = /class="button" rel="noreferrer" href="([^"]+)"/.exec(page.text) ?? []
  if (url === undefined) throw new Error(`The page answers ${page.status}: ${page.text}`)
  return url.replaceAll('&amp;', '&')
}

export const pathOf = (url: string): string => url.slice(publicUrl.length)

/** All the way to the provider and back; what the callback answers. */
export async function signInByProvider(slug: string, login: string, who: Browser = browser()) {
  const back = await provider.signIn(await leave(who, slug), login)
  const answer = await who.ask('GET', pathOf(back), { headers: { origin: '' } })
  return { who, answer, back, location: answer.headers.get('location') }
}

export const refusals = (): unknown[] =>
  inDatabase((db) => db.prepare(`select details from audit where action = 'sign-in.refused' order by sequence`).pluck().all()).map((one) => JSON.parse(String(one)).reason)

export const invite = (organizationId: string, email: string, role: 'owner' | 'admin' | 'issuer' | 'viewer') => clients.inviteMember({ organizationId, email, role })
