import { createHmac, generateKeyPairSync } from 'node:crypto'
import { exportJWK, exportSPKI, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose'
import { beforeEach, describe, expect, it } from 'vitest'
import { currentContext } from '../context.ts'
import { type AccessTokenOptions, accessOfRequest, createAccessTokens, requireScope } from './access-token.ts'
import { createPublicApp } from './app.ts'

const issuer = 'https://vellum.test'
const ed = generateKeyPairSync('ed25519')
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const stranger = generateKeyPairSync('ed25519')
const rotated = generateKeyPairSync('ed25519')

const jwk =
  async (key: typeof ed.publicKey, kid: string, alg: string) => ({ ...(await exportJWK(key)), kid, alg, use: 'sig' })
const published = [
  await jwk(ed.publicKey, 'ed', 'EdDSA'),
  await jwk(ec.publicKey, 'ec', 'ES256'),
  await jwk(rsa.publicKey, 'rsa', 'RS256'),
]
const now = Math.floor(Date.now() / 1_000)

const good: JWTPayload = {
  iss: issuer,
  aud: issuer,
  sub: 'client-1',
  client_id: 'client-1',
  org: 'org-1',
  scope: 'credentials:write credentials:read',
  jti: 'token-1',
  iat: now,
  exp: now + 600,
}
const header: JWTHeaderParameters = { alg: 'EdDSA', typ: 'at+jwt', kid: 'ed' }

const sign = (payload: JWTPayload = good, head: JWTHeaderParameters = header, key = ed.privateKey) =>
  new SignJWT(payload).setProtectedHeader(head).sign(key)
const without = (claim: string) => Object.fromEntries(Object.entries(good).filter(([name]) => name !== claim))
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

let asked = 0
let keySet = published
const options = (more: Partial<AccessTokenOptions> = {}): AccessTokenOptions => ({
  keys: async () => {
    asked++
    return { keys: keySet }
  },
  issuer,
  audience: issuer,
  ...more,
})
const check = async (token: string | Promise<string>, more: Partial<AccessTokenOptions> = {}) =>
  createAccessTokens(options(more)).verify(await token)

beforeEach(() => {
  asked = 0
  keySet = published
})

describe('an access token', () => {
  it('tells organization, client, scopes and its own id', async () => {
    expect(await check(sign())).toEqual({
      organizationId: 'org-1',
      clientId: 'client-1',
      scopes: ['credentials:write', 'credentials:read'],
      tokenId: 'token-1',
      actor: 'client:client-1',
    })
    expect(await check(sign(good, { ...header, alg: 'ES256', kid: 'ec' }, ec.privateKey))).toMatchObject({
      clientId: 'client-1',
    })
    expect(await check(sign(good, { ...header, typ: 'application/at+jwt' }))).toMatchObject({ clientId: 'client-1' })
  })

  const publicPem = exportSPKI(ec.publicKey)
  const hs256 = async () => {
    const input = `${encoded({ ...header, alg: 'HS256', kid: 'ec' })}.${encoded(good)}`
    return `${input}.${createHmac('sha256', await publicPem).update(input).digest('base64url')}`
  }
  const ownKey = async () => {
    const jwk = await exportJWK(stranger.publicKey)
    return sign(good, { alg: 'EdDSA', typ: 'at+jwt', jwk }, stranger.privateKey)
  }
  const bad: [string, () => string | Promise<string>][] = [
    ['alg none', () => `${encoded({ alg: 'none', typ: 'at+jwt' })}.${encoded(good)}.`],
    ['alg none with a kid', () => `${encoded({ ...header, alg: 'none' })}.${encoded(good)}.`],
    ['HS256 signed with the public key', hs256],
    ['RS256, though the key is published', () => sign(good, { ...header, alg: 'RS256', kid: 'rsa' }, rsa.privateKey)],
    ['no typ', () => sign(good, { alg: 'EdDSA', kid: 'ed' })],
    ['typ JWT: an ID token', () => sign({ ...good, nonce: 'n' }, { ...header, typ: 'JWT' })],
    ['a service token', () => sign(good, { ...header, typ: 'service+jwt' })],
    ['no exp', () => sign(without('exp'))],
    ['exp in the past', () => sign({ ...good, exp: now - 60 })],
    ['exp that is no number', () => sign({ ...good, exp: 'tomorrow' as unknown as number })],
    ['nbf in the future', () => sign({ ...good, nbf: now + 60 })],
    ['iat in the future', () => sign({ ...good, iat: now + 60 })],
    ['no iss', () => sign(without('iss'))],
    ['another iss', () => sign({ ...good, iss: 'https://evil.test' })],
    ['no aud', () => sign(without('aud'))],
    ['another aud', () => sign({ ...good, aud: `${issuer}/` })],
    ['two audiences', () => sign({ ...good, aud: [issuer, 'https://evil.test'] })],
    ['no organization', () => sign(without('org'))],
    ['no client', () => sign(without('client_id'))],
    ['no id', () => sign(without('jti'))],
    ['jku', () => sign(good, { ...header, jku: 'https://evil.test/jwks' })],
    ['jwk', ownKey],
    ['x5u', () => sign(good, { ...header, x5u: 'https://evil.test/cert' })],
    ['x5c', () => sign(good, { ...header, x5c: ['AAAA'] })],
    ['a crit that is not known', () => `${encoded({ ...header, crit: ['x'], x: 1 })}.${encoded(good)}.AAAA`],
    ['a signature by another key', () => sign(good, header, stranger.privateKey)],
    ['a key id that is not known', () => sign(good, { ...header, kid: 'nobody' })],
    ['a changed payload', async () => (await sign()).replace(/\.[^.]+\./, `.${encoded({ ...good, org: 'org-2' })}.`)],
    ['64 KB', () => sign({ ...good, pad: 'x'.repeat(64 * 1024) })],
    ['no JWT at all', () => 'hello'],
    ['nothing between the dots', () => '..'],
  ]
  it.each(bad)('is refused with %s', async (_, token) => {
    await expect(check(token())).rejects.toMatchObject({ code: 'token-refused' })
  })

  it('is refused with a crit that is not known, though the signature is right', async () => {
    const { sign: signBytes } = await import('node:crypto')
    const input = `${encoded({ ...header, crit: ['x'], x: 1 })}.${encoded(good)}`
    const token = `${input}.${signBytes(null, Buffer.from(input), ed.privateKey).toString('base64url')}`
    await expect(check(token)).rejects.toMatchObject({ code: 'token-refused' })
  })
})

describe('a token that was checked before', () => {
  it('is still refused once it has expired, or was revoked', async () => {
    let clock = Date.now()
    let revoked = false
    const tokens =
      createAccessTokens(options({ now: () => new Date(clock), isRevoked: (id) => revoked && id === 'token-1' }))
    const token = await sign()
    await tokens.verify(token)
    revoked = true
    await expect(tokens.verify(token)).rejects.toMatchObject({
      code: 'token-refused', message: expect.stringContaining('revoked'),
    })
    revoked = false
    await tokens.verify(token)
    clock += 700_000
    await expect(tokens.verify(token)).rejects.toMatchObject({ message: expect.stringContaining('expired') })
    clock -= 2_000_000
    await expect(tokens.verify(token)).rejects.toMatchObject({ code: 'token-refused' })
  })
})

describe('the keys', () => {
  it('are asked for once, and again for an unknown key id, but not for every one', async () => {
    const tokens = createAccessTokens(options({ refreshMs: 50 }))
    await Promise.all([tokens.verify(await sign()), tokens.verify(await sign({ ...good, jti: 'b' }))])
    expect(asked).toBe(1)
    const next = await sign(good, { ...header, kid: 'next' }, rotated.privateKey)
    keySet = [...published, await jwk(rotated.publicKey, 'next', 'EdDSA')]
    await expect(tokens.verify(next)).rejects.toMatchObject({ code: 'token-refused' })
    expect(asked).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 60))
    await tokens.verify(next)
    expect(asked).toBe(2)
  })

  it('that cannot be had make the service unavailable, not the token bad', async () => {
    const keys = async () => {
      throw new TypeError('fetch failed')
    }
    await expect(check(sign(), { keys })).rejects.toMatchObject({ code: 'unavailable' })
  })
})

describe('a route that requires a scope', () => {
  const app = createPublicApp({ accessTokens: createAccessTokens(options()) })
  app.get('/v1/x', requireScope('credentials:write'), (c) =>
    c.json({
      access: accessOfRequest(c),
      organization: currentContext().organizationId,
      actor: currentContext().actor,
    }),
  )
  const get = (authorization?: string) => app.request('/v1/x', authorization ? { headers: { authorization } } : {})

  it('runs as the client, in its organization', async () => {
    const answer = await get(`Bearer ${await sign()}`)
    expect(await answer.json()).toMatchObject({
      organization: 'org-1', actor: 'client:client-1', access: { clientId: 'client-1' },
    })
  })

  it('answers 401 with a challenge, or 403', async () => {
    const missing = await get()
    expect([missing.status, missing.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="vellum"'])
    const refused = await get('Bearer nonsense')
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/^Bearer realm="vellum", error="invalid_token", error_description="The token [^"]+"$/)])
    expect((await get('Basic YTpi')).status).toBe(401)
    const poor = await get(`Bearer ${await sign({ ...good, scope: 'credentials:writer' })}`)
    expect(poor.status).toBe(403)
    expect(poor.headers.get('www-authenticate')).toBe('Bearer realm="vellum", error="insufficient_scope", scope="credentials:write"')
  })
})
