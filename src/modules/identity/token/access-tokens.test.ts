import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { ask, basic, clients, getToken, identityAlone, organizationWithToken, publicUrl, start, stop } from '../../../../test/identity/identity-alone.ts'
import { member } from '../../../../test/identity/people.ts'

identityAlone()

describe('an access token', () => {
  it('is what RFC 9068 and the metadata promise', async () => {
    const { client, organizationId } = await organizationWithToken()
    const metadata = (await ask('GET', '/.well-known/oauth-authorization-server')).json
    expect(metadata).toMatchObject({ issuer: publicUrl, token_endpoint: `${publicUrl}/oauth/token`, jwks_uri: `${publicUrl}/oauth/jwks.json` })
    const answer = await getToken(client.clientId, client.clientSecret, { scope: 'credentials:write audit:read' })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.json).toMatchObject({ token_type: 'Bearer', expires_in: 600, scope: 'credentials:write audit:read' })
    const jwks = (await ask('GET', '/oauth/jwks.json')).json
    expect(jwks.keys).toHaveLength(1)
    expect(jwks.keys[0]).not.toHaveProperty('d')
    const token = answer.json.access_token
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: jwks.keys[0].kid })
    const { payload } = await jwtVerify(token, createLocalJWKSet(jwks), { issuer: publicUrl, audience: publicUrl, typ: 'at+jwt' })
    expect(payload).toMatchObject({ sub: client.clientId, client_id: client.clientId, org: organizationId, scope: 'credentials:write audit:read' })
    expect(payload.exp! - payload.iat!).toBe(600)
  })

  it('of a person is introspected as the person’s, and a client’s own as the client’s (RFC 7662, section 2.2)', async () => {
    const { client, organizationId, token: own } = await organizationWithToken()
    const introspect = async (token: string) =>
      (await ask('POST', '/oauth/introspect', { headers: basic(client.clientId, client.clientSecret), form: { token } })).json
    const vera = await member(organizationId, 'viewer', 'Vera')
    const asked = await introspect(await vera.token())
    expect(asked).toMatchObject({ active: true, sub: `person:${vera.personId}`, scope: expect.stringContaining('credentials:read') })
    expect(asked.client_id).not.toBe(asked.sub)
    expect(await introspect(own)).toMatchObject({ active: true, sub: client.clientId, client_id: client.clientId })
  })

  it('keeps its key over a restart', async () => {
    const { token } = await organizationWithToken()
    await stop()
    await start()
    expect((await ask('GET', '/v1/organization', { token })).status).toBe(200)
  })

  it.each<[string, number, string, Record<string, string>, (id: string, secret: string) => Record<string, string>]>([
    ['a wrong secret', 401, 'invalid_client', {}, (id, secret) => basic(id, secret.slice(0, -1) + (secret.endsWith('x') ? 'y' : 'x'))],
    ['another client', 401, 'invalid_client', {}, (_, secret) => basic('0197', secret)],
    ['no client', 401, 'invalid_client', {}, () => ({})],
    ['no grant', 400, 'invalid_request', { grant_type: '' }, basic],
    ['another grant', 400, 'unsupported_grant_type', { grant_type: 'password' }, basic],
    ['an unknown scope', 400, 'invalid_scope', { scope: 'everything' }, basic],
  ])('is refused with %s as OAuth says', async (_, status, error, form, headers) => {
    const { client } = await organizationWithToken()
    const answer = await ask('POST', '/oauth/token', {
      headers: headers(client.clientId, client.clientSecret),
      form: { grant_type: 'client_credentials', ...form },
    })
    expect([answer.status, answer.json]).toEqual([status, { error, error_description: expect.any(String) }])
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(answer.headers.get('www-authenticate')).toEqual(status === 401 ? expect.stringMatching(/^Basic /) : null)
  })

  it('is introspected and revoked by its own organization and client alone', async () => {
    const { client, token, organizationId } = await organizationWithToken()
    const other = await organizationWithToken('other')
    const sibling = await clients.createClient({ organizationId, requestId: 'second', name: 'Sibling', scopes: ['audit:read'] })
    const of = ({ clientId, clientSecret }: typeof client) => ({ headers: basic(clientId, clientSecret), form: { token } })
    expect((await ask('POST', '/oauth/introspect', of(sibling))).json).toMatchObject({ active: true, client_id: client.clientId })
    expect((await ask('POST', '/oauth/introspect', of(other.client))).json).toEqual({ active: false })
    for (const stranger of [sibling, other.client]) expect((await ask('POST', '/oauth/revoke', of(stranger))).status).toBe(200)
    expect((await ask('POST', '/oauth/introspect', of(client))).json.active).toBe(true)
    for (let repeat = 0; repeat < 2; repeat++) expect((await ask('POST', '/oauth/revoke', of(client))).status).toBe(200)
    expect((await ask('POST', '/oauth/introspect', of(client))).json).toEqual({ active: false })
    expect((await clients.revocations({})).tokens).toHaveLength(1)
    const nonsense = { headers: basic(client.clientId, client.clientSecret), form: { token: 'nonsense' } }
    expect((await ask('POST', '/oauth/revoke', nonsense)).status).toBe(200)
  })

  it('is minted for the command line with the scopes that it needs', async () => {
    const { organizationId } = await organizationWithToken()
    const { accessToken } = await clients.mintAccessToken({ organizationId, scopes: ['organization:read'], actor: 'cli' })
    expect((await ask('GET', '/v1/organization', { token: accessToken })).status).toBe(200)
    expect((await ask('GET', '/v1/clients', { token: accessToken })).status).toBe(403)
  })
})
