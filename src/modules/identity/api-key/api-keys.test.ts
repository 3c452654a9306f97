import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ask, clients, filesWith, identityAlone, inDatabase, organizationWithToken, start, stop } from '../../../../test/identity/identity-alone.ts'

identityAlone()

const make = async (token: string, more: object = {}, headers: Record<string, string> = {}) =>
  ask('POST', '/v1/api-keys', { token, json: { name: 'Script', scopes: ['organization:read'], ...more }, headers })
const today = () => new Date().toISOString().slice(0, 10)

describe('API keys', () => {
  it('are made, used, listed and revoked; the key is told once and stored nowhere', async () => {
    const { token, organizationId } = await organizationWithToken()
    const made = await make(token)
    expect([made.status, made.headers.get('cache-control')]).toEqual([201, 'no-store'])
    const { key, api_key: { id, ...told } } = made.json
    expect(key).toMatch(/^vellum_[1-9A-HJ-NP-Za-km-z]{40,}$/)
    expect(told).toEqual({ name: 'Script', scopes: ['organization:read'], createdAt: expect.any(String), expiresAt: expect.any(String) })
    expect(Date.parse(told.expiresAt) - Date.parse(told.createdAt)).toBe(365 * 86_400_000)
    expect(filesWith(key)).toEqual([])
    expect((await ask('GET', '/v1/organization', { token: key })).json.id).toBe(organizationId)
    expect((await ask('GET', '/v1/clients', { token: key })).status).toBe(403)
    const listed = await ask('GET', '/v1/api-keys?limit=1', { token })
    expect(listed.json.api_keys).toEqual([{ id, ...told, lastUsedOn: today() }])
    expect((await ask('GET', `/v1/api-keys?before=${id}`, { token })).json.api_keys).toEqual([])
    const revoked = await ask('DELETE', `/v1/api-keys/${id}`, { token })
    expect(revoked.json.revokedAt).toEqual(expect.any(String))
    expect((await ask('DELETE', `/v1/api-keys/${id}`, { token })).json).toEqual(revoked.json)
    expect((await clients.revocations({})).clients).toEqual([id])
    await stop()
    await start()
    const refused = await ask('GET', '/v1/organization', { token: key })
    expect([refused.status, refused.json.type]).toEqual([401, 'urn:vellum:problem:token-refused'])
    expect(refused.headers.get('www-authenticate')).toMatch(/error="invalid_token"/)
  })

  it('stop within the interval at which revocations are asked for', async () => {
    await stop()
    await start({ REVOCATION_POLL_MS: '100' })
    const { token } = await organizationWithToken()
    const { key, api_key: { id } } = (await make(token)).json
    expect((await ask('GET', '/v1/organization', { token: key })).status).toBe(200)
    await ask('DELETE', `/v1/api-keys/${id}`, { token })
    await expect.poll(async () => (await ask('GET', '/v1/organization', { token: key })).status, { timeout: 1_000, interval: 20 }).toBe(401)
  })

  it('are one for one Idempotency-Key, with byte-equal answers', async () => {
    const { token } = await organizationWithToken()
    const answers = await Promise.all(Array.from({ length: 5 }, () => make(token, {}, { 'idempotency-key': 'k1' })))
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    for (const more of [{ name: 'Other' }, { scopes: ['audit:read'] }, { expiresAt: '2027-01-01T00:00:00Z' }])
      expect((await make(token, more, { 'idempotency-key': 'k1' })).json.type).toBe('urn:vellum:problem:idempotency-mismatch')
    expect((await ask('GET', '/v1/api-keys', { token })).json.api_keys).toHaveLength(1)
  })

  it('give no scope that who makes them lacks, and make no key that has more than they have', async () => {
    const { token } = await organizationWithToken()
    const { key } = (await make(token, { scopes: ['clients:manage'] })).json
    expect((await make(key, { scopes: ['recipients:erase'] })).status).toBe(403)
    expect((await make(key, { scopes: ['clients:manage'] })).status).toBe(201)
  })

  it('expire in the future, and within five years', async () => {
    const { token } = await organizationWithToken()
    for (const expiresAt of ['2020-01-01T00:00:00Z', '2999-01-01T00:00:00Z', 'tomorrow']) {
      const answer = await make(token, { expiresAt })
      expect([answer.status, answer.json.errors[0].path]).toEqual([422, 'expiresAt'])
    }
    expect((await make(token, { forever: true })).status).toBe(422)
  })

  it('audit what changes, by ids alone, and act as themselves', async () => {
    const { token, organizationId, client } = await organizationWithToken()
    const { key, api_key: { id, expiresAt } } = (await make(token, { scopes: ['clients:manage'] })).json
    await ask('DELETE', `/v1/api-keys/${id}`, { token: key })
    const rows = inDatabase((db) =>
      db.prepare(`select action, actor, target, details from audit where organization_id = ? and action like 'api-key.%' order by sequence`).all(organizationId))
    expect(rows).toEqual([
      { action: 'api-key.created', actor: `client:${client.clientId}`, target: id, details: JSON.stringify({ scopes: 'clients:manage', expiresAt }) },
      { action: 'api-key.revoked', actor: `key:${id}`, target: id, details: '{}' },
    ])
  })

  it('are told to other modules by their hash alone', async () => {
    const { token, organizationId } = await organizationWithToken()
    const { key, api_key: { id, expiresAt } } = (await make(token)).json
    const hash = createHash('sha256').update(key).digest('base64url')
    expect(await clients.apiKey({ hash })).toEqual({ key: { id, organizationId, scopes: ['organization:read'], expiresAt } })
    expect(await clients.apiKey({ hash: 'x'.repeat(43) })).toEqual({})
    await ask('DELETE', `/v1/api-keys/${id}`, { token })
    expect(await clients.apiKey({ hash })).toEqual({})
  })
})
