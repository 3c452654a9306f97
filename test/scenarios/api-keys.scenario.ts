import assert from 'node:assert/strict'
import { expectProblem, expectStatus } from './expect.ts'
import { orderBody } from './issuer.ts'
import { scenario } from './scenario.ts'
import { until } from './until.ts'

export default [
  scenario('an API key issues, is seen in use, and stops when it is revoked', async (world) => {
    const { ask } = world
    const issuer = await world.issuer()
    const order = (who: string) => orderBody({ name: 'Ada Lovelace', email: issuer.email(who), achievement: 'Distributed Systems' })
    const make = (scopes: string[]) => issuer.ask('POST', '/v1/api-keys', { json: { name: 'Course platform', scopes } })
    const { key, api_key: { id } } = expectStatus(await make(['credentials:write', 'credentials:read']), 201).json
    assert.match(key, /^vellum_/)

    // In every module, whichever process it is in.
    const accepted = expectStatus(await ask('POST', '/v1/credentials', { token: key, json: order('ada') }), 202).json
    expectStatus(await ask('GET', `/v1/credentials/${accepted.id}`, { token: key }), 200)
    expectProblem(await ask('GET', '/v1/organization', { token: key }), 403, 'forbidden')
    expectProblem(await ask('GET', '/v1/messages', { token: key }), 403, 'forbidden')
    const listed = expectStatus(await issuer.ask('GET', '/v1/api-keys'), 200)
    assert.match(listed.json.api_keys[0].lastUsedOn, /^\d{4}-\d\d-\d\d$/)
    assert.ok(!listed.text.includes(key), 'The list tells the key.')

    const typo = key.slice(0, -1) + (key.endsWith('x') ? 'y' : 'x')
    for (const wrong of [typo, key.slice(0, -5), 'vellum_', `vellum_${'x'.repeat(8_000)}`]) {
      const refused = expectProblem(await ask('GET', '/v1/credentials', { token: wrong }), 401, 'token-refused')
      assert.match(refused.headers.get('www-authenticate')!, /error="invalid_token"/)
    }
    const stranger = await world.issuer()
    expectProblem(await stranger.ask('DELETE', `/v1/api-keys/${id}`), 404, 'not-found')
    expectStatus(await ask('GET', '/v1/credentials', { token: key }), 200)

    expectStatus(await issuer.ask('DELETE', `/v1/api-keys/${id}`), 200)
    await until('the revoked key to stop', async () => (await ask('GET', '/v1/credentials', { token: key })).status === 401)
    expectProblem(await ask('POST', '/v1/credentials', { token: key, json: order('bob') }), 401, 'token-refused')
  }, ['identity', 'issuance']),

  scenario('what a disabled client, or a revoked token, still had stops within the interval', async (world) => {
    const issuer = await world.issuer()
    const made = expectStatus(await issuer.ask('POST', '/v1/clients', { json: { name: 'Reader', scopes: ['credentials:read', 'organization:read'] } }), 201).json
    const form = { grant_type: 'client_credentials', client_id: made.client_id, client_secret: made.client_secret }
    const tokenOf = async (): Promise<string> => expectStatus(await world.ask('POST', '/oauth/token', { form }), 200).json.access_token
    const [one, other] = [await tokenOf(), await tokenOf()]
    const isDead = (token: string) => async () =>
      (await Promise.all(['/v1/credentials', '/v1/organization'].map((path) => world.ask('GET', path, { token })))).every(({ status }) => status === 401)
    for (const path of ['/v1/credentials', '/v1/organization'])
      for (const token of [one, other]) expectStatus(await world.ask('GET', path, { token }), 200)
    expectStatus(await world.ask('POST', '/oauth/revoke', { form: { ...form, token: one } }), 200)
    await until('the revoked token to stop', isDead(one))
    expectStatus(await world.ask('GET', '/v1/credentials', { token: other }), 200)
    expectStatus(await issuer.ask('DELETE', `/v1/clients/${made.client_id}`), 200)
    const disabled = performance.now()
    await until('the disabled client to stop', isDead(other))
    // Here revocations are asked for twice a second.
    assert.ok(performance.now() - disabled < 3_000, 'It went on for too long.')
  }, ['identity', 'issuance']),
]
