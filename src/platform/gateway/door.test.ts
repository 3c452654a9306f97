import { generateKeyPair, exportJWK, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { createAccessTokens } from '../http/access-token.ts'
import { createPublicApp } from '../http/app.ts'
import { parseNetworks } from './caller-address.ts'
import { door, type DoorOptions } from './door.ts'
import { createRateLimit } from './rate-limit.ts'

const address = 'http://vellum.test'
let sign: (clientId: string, lifetime?: string) => Promise<string>
let keys: () => Promise<{ keys: object[] }>

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('Ed25519')
  const key = { ...(await exportJWK(publicKey)), kid: 'test', alg: 'EdDSA' }
  keys = async () => ({ keys: [key] })
  sign = (clientId, lifetime = '5m') =>
    new SignJWT({ client_id: clientId, org: 'acme', scope: '' }).setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: 'test' })
      .setIssuer(address).setAudience(address).setSubject(clientId).setJti(clientId).setIssuedAt().setExpirationTime(lifetime).sign(privateKey)
})

function behindDoor(options: Partial<DoorOptions> & { keysAway?: boolean } = {}) {
  const accessTokens = createAccessTokens({
    keys: async () => {
      if (options.keysAway) throw new Error('away')
      return (await keys()) as never
    },
    issuer: address,
    audience: address,
  })
  const app = createPublicApp({
    door: door({ accessTokens, perClient: undefined, perAddress: undefined, trustedProxies: [], serviceSecret: new Uint8Array(32), ...options }),
  })
  app.post('/oauth/wrong', (c) => c.json({ error: 'invalid_client' }, 401))
  for (const path of ['/v1/things', '/v1/verify', '/oauth/right', '/v/1', '/livez']) app.all(path, (c) => c.text('inside'))
  return (path: string, headers: Record<string, string> = {}, peer = '203.0.113.7', more: object = {}, method = 'GET') =>
    app.fetch(new Request(address + path, { method, headers }), { incoming: { socket: { remoteAddress: peer } } as never, ...more })
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('the front door', () => {
  it('refuses an access token that is not good, before any module hears of it', async () => {
    const ask = behindDoor()
    const refused = await ask('/v1/things', bearer(await sign('a', '1m ago')))
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toMatch(/^Bearer realm="vellum", error="invalid_token", error_description="/)
    expect((await ask('/v1/things', bearer('nonsense'))).status).toBe(401)
    expect((await ask('/v1/things', bearer(await sign('a')))).status).toBe(200)
  })

  it('leaves it to the module whether one is needed, and what else an Authorization header may be', async () => {
    const ask = behindDoor()
    expect((await ask('/v1/things')).status).toBe(200)
    expect((await ask('/v1/things', { authorization: 'Basic YTpi' })).status).toBe(200)
    expect((await ask('/v/1', bearer('of something else'))).status).toBe(200)
  })

  it('lets tokens through that it cannot judge: the module may have the keys', async () => {
    const ask = behindDoor({ keysAway: true })
    expect((await ask('/v1/things', bearer(await sign('a')))).status).toBe(200)
  })

  it('counts good tokens by client, everything else by address, and tells what is left', async () => {
    const ask = behindDoor({ perClient: createRateLimit({ name: 'client', perMinute: 3 }), perAddress: createRateLimit({ name: 'address', perMinute: 2 }) })
    const [one, other] = [bearer(await sign('one')), bearer(await sign('other'))]
    const first = await ask('/v1/things', one)
    expect(first.headers.get('ratelimit')).toBe('"client";r=2;t=60')
    expect(first.headers.get('ratelimit-policy')).toBe('"client";q=3;w=60')
    const statuses = async (times: number, ...request: Parameters<typeof ask>) => {
      const all = []
      for (let time = 0; time < times; time++) all.push((await ask(...request)).status)
      return all
    }
    expect(await statuses(3, '/v1/things', one)).toEqual([200, 200, 429])
    expect(await statuses(1, '/v1/things', other)).toEqual([200])
    expect(await statuses(3, '/v1/things', bearer('wrong'))).toEqual([401, 401, 429])
    expect(await statuses(1, '/v/1')).toEqual([429])
    expect(await statuses(1, '/v/1', {}, '203.0.113.8')).toEqual([200])
    expect(await statuses(3, '/livez')).toEqual([200, 200, 200])
  })

  it('counts all clients of an organization together, by a limit of its own where it has one', async () => {
    const perClient = createRateLimit({ name: 'client', perMinute: 100 })
    const perOrganization = createRateLimit({ name: 'organization', perMinute: 50 })
    const ask = behindDoor({ perClient, perOrganization, limitsOf: async (id) => (id === 'acme' ? { requestsPerMinute: 3 } : {}) })
    const [one, two] = [bearer(await sign('one')), bearer(await sign('two'))]
    const first = await ask('/v1/things', one)
    expect(first.headers.get('ratelimit-policy')).toBe('"client";q=100;w=60, "organization";q=3;w=60')
    expect(first.headers.get('ratelimit')).toBe('"client";r=99;t=60, "organization";r=2;t=60')
    const statuses = []
    for (const who of [one, two, two, one]) statuses.push((await ask('/v1/things', who)).status)
    expect(statuses).toEqual([200, 200, 429, 429])
    const refused = await ask('/v1/things', two)
    expect(refused.headers.get('ratelimit')).toMatch(/^"client";r=9\d;t=\d+, "organization";r=0;t=\d+$/)
    expect((await refused.json() as { detail: string }).detail).toBe('Send at most 3 requests in a minute for all programs of your organization together; go on when Retry-After is over.')
  })

  it('throttles whoever shows wrong tokens, and lets good ones from there pass', async () => {
    const ask = behindDoor({ perFailure: createRateLimit({ name: 'failures', perMinute: 2 }) })
    const good = bearer(await sign('a'))
    const statuses = async (times: number, ...request: Parameters<typeof ask>) => {
      const all = []
      for (let time = 0; time < times; time++) all.push((await ask(...request)).status)
      return all
    }
    expect(await statuses(4, '/v1/things', bearer('wrong'))).toEqual([401, 401, 429, 429])
    expect(await statuses(2, '/v1/things', good)).toEqual([200, 200])
    expect(await statuses(1, '/v1/things', bearer('wrong'), '203.0.113.8')).toEqual([401])
  })

  it('does not even look at a client’s secret from where too many were wrong', async () => {
    const perFailure = createRateLimit({ name: 'failures', perMinute: 2 })
    const ask = behindDoor({ perFailure })
    const token = (path: string, peer?: string) => ask(path, {}, peer, {}, 'POST')
    const statuses = []
    for (const path of ['/oauth/right', '/oauth/wrong', '/oauth/right', '/oauth/wrong', '/oauth/right', '/oauth/wrong']) statuses.push((await token(path)).status)
    expect(statuses).toEqual([200, 401, 200, 401, 429, 429])
    expect((await token('/oauth/right', '203.0.113.8')).status).toBe(200)
    const refused = await token('/oauth/right')
    expect([refused.headers.get('content-type'), refused.headers.get('ratelimit')]).toEqual(['application/problem+json', '"failures";r=0;t=60'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(55)
  })

  it('lets strangers have fewer credentials verified than it lets them read', async () => {
    const ask = behindDoor({ perAddress: createRateLimit({ name: 'address', perMinute: 9 }), perVerification: createRateLimit({ name: 'verification', perMinute: 1 }) })
    const statuses = []
    for (const path of ['/v1/verify', '/v1/verify', '/v/1']) statuses.push((await ask(path)).status)
    expect(statuses).toEqual([200, 429, 200])
    expect((await ask('/v1/verify', bearer(await sign('a')))).status).toBe(200)
  })

  it('refuses with a problem that says when to come again', async () => {
    const ask = behindDoor({ perAddress: createRateLimit({ name: 'address', perMinute: 1 }) })
    await ask('/v/1')
    const refused = await ask('/v/1')
    expect([refused.status, refused.headers.get('content-type'), refused.headers.get('ratelimit')]).toEqual([429, 'application/problem+json', '"address";r=0;t=60'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(55)
    expect(await refused.json()).toMatchObject({ type: 'urn:vellum:problem:rate-limited' })
  })

  it('believes our own proxies, and nobody else, about who asks', async () => {
    const ask = behindDoor({ perAddress: createRateLimit({ name: 'address', perMinute: 1 }), trustedProxies: parseNetworks('10.0.0.1') })
    const from = (address_: string) => ({ 'x-forwarded-for': address_ })
    expect((await ask('/v/1', from('198.51.100.1'), '10.0.0.1')).status).toBe(200)
    expect((await ask('/v/1', from('198.51.100.2'), '10.0.0.1')).status).toBe(200)
    expect((await ask('/v/1', from('198.51.100.3'))).status).toBe(200)
    expect((await ask('/v/1', from('198.51.100.4'))).status).toBe(429)
  })

  it('does not count again what another door let through', async () => {
    const ask = behindDoor({ perAddress: createRateLimit({ name: 'address', perMinute: 1 }) })
    for (let time = 0; time < 3; time++) expect((await ask('/v/1', {}, '10.0.0.1', { internal: true })).status).toBe(200)
  })
})
