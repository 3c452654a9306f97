import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { SignJWT, UnsecuredJWT } from 'jose'
import { describe, expect, it } from 'vitest'
import { ask, identityAlone, organizationWithToken, publicUrl } from '../../../../test/identity/identity-alone.ts'
import { assertionType } from './client-assertion.ts'

identityAlone()

describe('a client with keys of its own', () => {
  const pair = generateKeyPairSync('ed25519')
  const stranger = generateKeyPairSync('ed25519')
  const jwks = { keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'k1' }] }

  async function keyedClient(): Promise<string> {
    const { token } = await organizationWithToken()
    const made = await ask('POST', '/v1/clients', { token, json: { name: 'Keyed', scopes: ['audit:read'], jwks } })
    expect(made.json).not.toHaveProperty('client_secret')
    return made.json.client_id as string
  }
  const sign = (claims: Record<string, unknown>, key = pair.privateKey) =>
    new SignJWT({ jti: randomUUID(), ...claims }).setProtectedHeader({ alg: 'EdDSA', kid: 'k1' }).sign(key)
  const claimsOf = (id: string) => ({ iss: id, sub: id, aud: `${publicUrl}/oauth/token`, exp: Math.floor(Date.now() / 1000) + 60 })
  const tokenBy = (assertion: string, more: Record<string, string> = {}) =>
    ask('POST', '/oauth/token', {
      form: { grant_type: 'client_credentials', client_assertion_type: assertionType, client_assertion: assertion, ...more },
    })

  it('gets a token for each assertion once', async () => {
    const id = await keyedClient()
    const assertion = await sign(claimsOf(id))
    const answers = await Promise.all([1, 2, 3].map(() => tokenBy(assertion)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401])
    expect((await tokenBy(await sign({ ...claimsOf(id), aud: publicUrl }), { client_id: id })).json.scope).toBe('audit:read')
  })

  it.each<[string, (id: string) => Promise<string>]>([
    ['another key', (id) => sign(claimsOf(id), stranger.privateKey)],
    ['another audience', (id) => sign({ ...claimsOf(id), aud: 'https://elsewhere.example' })],
    ['another issuer', (id) => sign({ ...claimsOf(id), iss: 'somebody' })],
    ['no expiry', (id) => sign({ ...claimsOf(id), exp: undefined })],
    ['an old expiry', (id) => sign({ ...claimsOf(id), exp: 1_700_000_000 })],
    ['a far expiry', (id) => sign({ ...claimsOf(id), exp: Math.floor(Date.now() / 1000) + 3600 })],
    ['no id', (id) => sign({ ...claimsOf(id), jti: undefined })],
    ['no signature', async (id) => new UnsecuredJWT({ ...claimsOf(id), jti: 'x' }).encode()],
    ['an HMAC by the public key', (id) =>
      new SignJWT({ ...claimsOf(id), jti: 'x' }).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(jwks.keys[0]!.x!, 'base64url'))],
    ['nonsense', async () => 'nonsense'],
  ])('is refused with %s', async (_, make) => {
    const answer = await tokenBy(await make(await keyedClient()))
    expect([answer.status, answer.json.error]).toEqual([401, 'invalid_client'])
  })

  it('hands over public keys only, of kinds that are in use', async () => {
    const { token } = await organizationWithToken()
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
    for (const key of [pair.privateKey.export({ format: 'jwk' }), weak, { kty: 'oct', k: 'AAAA' }, {}]) {
      const answer = await ask('POST', '/v1/clients', { token, json: { name: 'A', scopes: ['audit:read'], jwks: { keys: [key] } } })
      expect(answer.status).toBe(422)
    }
  })
})
