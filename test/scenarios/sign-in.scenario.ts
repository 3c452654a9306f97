import assert from 'node:assert/strict'
import { identity } from '#modules/identity/index.ts'
import { browser } from './browser.ts'
import { expectProblem, expectStatus } from './expect.ts'
import type { Issuer } from './issuer.ts'
import { type World, scenario } from './scenario.ts'
import { until } from './until.ts'

const password = 'a long enough sentence'

/** A member with a password, signed in by it. */
async function member(world: World, issuer: Issuer, role: 'owner' | 'issuer' | 'viewer', email: string) {
  const { link } = await world.client(identity).inviteMember({ organizationId: issuer.organizationId, email, role })
  const own = browser(world)
  expectStatus(await own('POST', '/v1/invitations/accept', { token: link.split('/').at(-1), name: role, password }), 201)
  expectStatus(await own('POST', '/v1/session', { email, password }), 201)
  return own
}

const settings = ({ openIdProvider: { issuer, clientId, clientSecret } }: World, more: object = {}) => ({ issuer, clientId, clientSecret, ...more })

/** By the pages: chosen, left for the provider, and back. */
async function signIn(world: World, slug: string, login: string) {
  const browse = browser(world)
  const page = expectStatus(await browse('POST', '/sign-in/organization', undefined, { organization: slug }), 200)
  const [, link = ''] = /rel="noreferrer" href="([^"]+)"/.exec(page.text) ?? []
  const back = await world.openIdProvider.signIn(link.replaceAll('&amp;', '&'), login)
  const path = back.slice(world.installation.publicUrl.length)
  return { browse, path, answer: await browse('GET', path) }
}

export default [
  scenario('members sign in by the provider of their organization, for it alone, and others do not', async (world) => {
    const [issuer, other] = [await world.issuer(), await world.issuer()]
    const { accounts } = world.openIdProvider
    const email = issuer.email('vera')
    const set = expectStatus(await issuer.ask('PUT', '/v1/organization/sign-in', { json: settings(world) }), 200)
    assert.ok(!set.text.includes(world.openIdProvider.clientSecret), 'The secret is shown.')
    const own = await member(world, issuer, 'viewer', email)
    const { link } = await world.client(identity).inviteMember({ organizationId: other.organizationId, email, role: 'issuer' })
    expectStatus(await own('POST', '/v1/invitations/accept', { token: link.split('/').at(-1) }), 201)
    expectStatus(await own('POST', '/v1/session/token', { organization: other.slug }), 200)

    accounts.set(email, { sub: email, email, email_verified: true, name: 'Vera' })
    const { browse, path, answer } = await signIn(world, issuer.slug, email)
    expectStatus(answer, 303)
    const session = expectStatus(await browse('GET', '/v1/session'), 200).json
    assert.deepEqual([session.person.email, session.organizations.map((one: any) => one.slug)], [email, [issuer.slug]])
    const granted = expectStatus(await browse('POST', '/v1/session/token', { organization: issuer.slug }), 200).json
    assert.equal(granted.role, 'viewer')
    expectStatus(await world.ask('GET', '/v1/credentials', { token: granted.access_token }), 200)
    expectProblem(await browse('POST', '/v1/session/token', { organization: other.slug }), 404, 'not-found')
    expectStatus(await browse('GET', path), 410)

    const stranger = issuer.email('stranger')
    accounts.set(stranger, { sub: stranger, email: stranger, email_verified: true })
    expectStatus((await signIn(world, issuer.slug, stranger)).answer, 403)
    const entries = expectStatus(await issuer.ask('GET', '/v1/audit?action=sign-in'), 200)
    assert.deepEqual(entries.json.entries.map((one: any) => one.action).toSorted(), ['sign-in.linked', 'sign-in.provider-set', 'sign-in.refused'])
    assert.ok(!entries.text.includes(email), 'The audit names a person.')

    expectStatus(await issuer.ask('DELETE', '/v1/organization/sign-in'), 200)
    expectProblem(await browse('GET', '/v1/session'), 401, 'unauthenticated')
    await until('its token is void', async () => (await world.ask('GET', '/v1/credentials', { token: granted.access_token })).status === 401)
    expectStatus(await own('POST', '/v1/session/token', { organization: issuer.slug }), 200)
  }, ['identity']),

  scenario('an organization lets its domain join, and asks that its provider be used; its owners still get in', async (world) => {
    const issuer = await world.issuer()
    const domain = `${issuer.slug}.example`
    const more = { domains: [domain], joinRole: 'issuer', required: true }
    const owner = await member(world, issuer, 'owner', `owner@${domain}`)
    const viewer = await member(world, issuer, 'viewer', `viewer@${domain}`)
    const { access_token: token } = expectStatus(await owner('POST', '/v1/session/token', { organization: issuer.slug }), 200).json
    expectProblem(await world.ask('PUT', '/v1/organization/sign-in', { token, json: settings(world, { ...more, joinRole: 'owner' }) }), 403, 'forbidden')
    expectStatus(await world.ask('PUT', '/v1/organization/sign-in', { token, json: settings(world, more) }), 200)
    expectProblem(await viewer('POST', '/v1/session/token', { organization: issuer.slug }), 403, 'forbidden')
    expectStatus(await owner('POST', '/v1/session/token', { organization: issuer.slug }), 200)

    const email = `new@${domain}`
    world.openIdProvider.accounts.set(email, { sub: email, email, email_verified: true, name: 'Nadia' })
    const { browse } = await signIn(world, `somebody@${domain}`, email)
    const granted = expectStatus(await browse('POST', '/v1/session/token', { organization: issuer.slug }), 200).json
    const order = { recipient: { name: 'Ada Lovelace', email: issuer.email('ada') }, achievement: { name: 'Engines' } }
    expectStatus(await world.ask('POST', '/v1/credentials', { json: order, token: granted.access_token }), 202)
    expectProblem(await world.ask('DELETE', '/v1/organization/sign-in', { token: granted.access_token }), 403, 'forbidden')
  }, ['identity']),
]
