import { describe, expect, it } from 'vitest'
import { ask, clients, filesWith, getToken, identityAlone, inDatabase, organizationWithToken } from '../../../../test/identity/identity-alone.ts'

identityAlone()

describe('API clients', () => {
  it('are made, listed and disabled; the secret is told once and stored nowhere', async () => {
    const { token } = await organizationWithToken()
    const made = await ask('POST', '/v1/clients', { token, json: { name: 'Moodle', scopes: ['credentials:write'] } })
    expect(made.status).toBe(201)
    const { client_id: id, client_secret: secret } = made.json
    expect((await getToken(id, secret)).status).toBe(200)
    expect(filesWith(secret)).toEqual([])
    const listed = await ask('GET', '/v1/clients?limit=1', { token })
    expect(listed.json.clients).toEqual([{ id, name: 'Moodle', scopes: ['credentials:write'], createdAt: expect.any(String) }])
    expect((await ask('GET', `/v1/clients?before=${id}`, { token })).json.clients).toHaveLength(1)
    const disabled = await ask('DELETE', `/v1/clients/${id}`, { token })
    expect(disabled.json.disabledAt).toEqual(expect.any(String))
    expect((await ask('DELETE', `/v1/clients/${id}`, { token })).json).toEqual(disabled.json)
    expect((await getToken(id, secret)).json.error).toBe('invalid_client')
    expect((await clients.revocations({})).clients).toEqual([id])
  })

  it('are one for one Idempotency-Key, with byte-equal answers', async () => {
    const { token } = await organizationWithToken()
    const request = { token, json: { name: 'A', scopes: ['audit:read'] }, headers: { 'idempotency-key': 'k1' } }
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask('POST', '/v1/clients', request)))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    const other = await ask('POST', '/v1/clients', { ...request, json: { name: 'B', scopes: ['audit:read'] } })
    expect([other.status, other.json.type]).toEqual([422, 'urn:vellum:problem:idempotency-mismatch'])
    expect((await ask('GET', '/v1/clients', { token })).json.clients).toHaveLength(2)
  })

  it('give no scope that they lack themselves', async () => {
    const { organizationId } = await organizationWithToken()
    const { accessToken: token } = await clients.mintAccessToken({ organizationId, scopes: ['clients:manage'], actor: 'cli' })
    const answer = await ask('POST', '/v1/clients', { token, json: { name: 'A', scopes: ['recipients:erase'] } })
    expect(answer.status).toBe(403)
  })

  it('get no token after they expired', async () => {
    const { organizationId } = await organizationWithToken()
    const order = { organizationId, name: 'Old', scopes: ['audit:read' as const] }
    const expired = await clients.createClient({ ...order, requestId: 'r1', expiresAt: '2020-01-01T00:00:00Z' })
    const alive = await clients.createClient({ ...order, requestId: 'r2', expiresAt: '2999-01-01T00:00:00Z' })
    expect((await getToken(expired.clientId, expired.clientSecret)).json.error).toBe('invalid_client')
    expect((await getToken(alive.clientId, alive.clientSecret)).status).toBe(200)
  })

  it('of another organization answer as unknown ones do', async () => {
    const { token } = await organizationWithToken()
    const other = await organizationWithToken('other')
    for (const method of ['GET', 'DELETE']) {
      const foreign = await ask(method, `/v1/clients/${other.client.clientId}`, { token })
      const unknown = await ask(method, '/v1/clients/0197f000-0000-7000-8000-000000000000', { token })
      expect([foreign.status, foreign.text]).toEqual([404, unknown.text])
    }
    expect((await getToken(other.client.clientId, other.client.clientSecret)).status).toBe(200)
  })
})

it('audits what changes, by ids alone', async () => {
  const { organizationId, client, token } = await organizationWithToken()
  await ask('DELETE', `/v1/clients/${client.clientId}`, { token })
  const rows = inDatabase((db) => db.prepare('select action, actor from audit where organization_id = ? order by sequence').all(organizationId))
  expect(rows).toEqual([
    { action: 'organization.created', actor: expect.any(String) },
    { action: 'client.created', actor: expect.any(String) },
    { action: 'client.disabled', actor: `client:${client.clientId}` },
  ])
})
