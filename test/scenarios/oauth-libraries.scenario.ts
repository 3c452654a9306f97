import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { expectStatus } from './expect.ts'
import type { Issuer } from './issuer.ts'
import { scenario, type World } from './scenario.ts'

/** A client with keys of its own, and its private key as libraries take it. */
interface KeyedClient {
  readonly clientId: string
  readonly key: CryptoKey
  readonly kid: string
}

const pairs: Record<string, () => { publicKey: KeyObject; privateKey: KeyObject }> = {
  EdDSA: () => generateKeyPairSync('ed25519'),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  PS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
}
const webCrypto: Record<string, [algorithm: string | { name: string; hash?: string; namedCurve?: string }]> = {
  EdDSA: ['Ed25519'],
  ES256: [{ name: 'ECDSA', namedCurve: 'P-256' }],
  RS256: [{ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }],
  PS256: [{ name: 'RSA-PSS', hash: 'SHA-256' }],
}

async function keyedClient(issuer: Issuer, algorithm: string): Promise<KeyedClient> {
  const { publicKey, privateKey } = pairs[algorithm]!()
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: algorithm }] }
  const made = await issuer.ask('POST', '/v1/clients', { json: { name: algorithm, scopes: ['organization:read', 'audit:read'], jwks } })
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' })
  const key = await crypto.subtle.importKey('pkcs8', new Uint8Array(pkcs8), webCrypto[algorithm]![0], false, ['sign'])
  return { clientId: expectStatus(made, 201).json.client_id, key, kid: algorithm }
}

/** The installation's client, which trusts its certificate, in the form of the standard `fetch`. */
const fetchOf = ({ installation }: World) =>
  (async (url: string | URL, { body, ...init }: RequestInit = {}) =>
    installation.fetch(String(url), { ...init, ...(body != null && { body: String(body) }) } as never)) as unknown as typeof fetch

/** Every way in which a client may say who it is, as both libraries do it. */
async function clientsOf(issuer: Issuer) {
  const { clientId, clientSecret } = issuer
  const keyed = await Promise.all(Object.keys(pairs).map((algorithm) => keyedClient(issuer, algorithm)))
  return [
    { way: 'client_secret_basic', clientId, forOpenid: openid.ClientSecretBasic(clientSecret), forOauth: oauth.ClientSecretBasic(clientSecret) },
    { way: 'client_secret_post', clientId, forOpenid: openid.ClientSecretPost(clientSecret), forOauth: oauth.ClientSecretPost(clientSecret) },
    ...keyed.map(({ clientId: id, key, kid }) => ({
      way: `private_key_jwt by ${kid}`,
      clientId: id,
      forOpenid: openid.PrivateKeyJwt({ key, kid }),
      forOauth: oauth.PrivateKeyJwt({ key, kid }),
    })),
  ]
}

export default [
  scenario('openid-client finds its way by the metadata, and gets, uses, inspects and revokes tokens', async (world) => {
    const issuer = await world.issuer()
    const { publicUrl } = world.installation
    for (const { way, clientId, forOpenid } of await clientsOf(issuer)) {
      const config = await openid.discovery(new URL(publicUrl), clientId, undefined, forOpenid, {
        algorithm: 'oauth2',
        execute: [openid.allowInsecureRequests],
        [openid.customFetch]: fetchOf(world) as never,
      })
      assert.equal(config.serverMetadata().supportsPKCE(), false)
      const granted = await openid.clientCredentialsGrant(config, { scope: 'organization:read' })
      assert.deepEqual([granted.token_type, granted.scope, granted.expiresIn()! > 0], ['bearer', 'organization:read', true], way)
      const token = granted.access_token
      const used = await openid.fetchProtectedResource(config, token, new URL(`${publicUrl}/v1/organization`), 'GET')
      assert.equal(((await used.json()) as { id: string }).id, issuer.organizationId, way)
      const alive = await openid.tokenIntrospection(config, token, { token_type_hint: 'access_token' })
      assert.deepEqual([alive.active, alive.client_id, alive.scope, alive.iss], [true, clientId, 'organization:read', publicUrl], way)
      await openid.tokenRevocation(config, token, { token_type_hint: 'refresh_token' })
      assert.deepEqual(await openid.tokenIntrospection(config, token), { active: false }, way)
      await openid.tokenRevocation(config, token)
    }
  }),

  scenario('oauth4webapi gets tokens that it finds to be as RFC 9068 says, and reads every refusal', async (world) => {
    const issuer = await world.issuer()
    const { publicUrl } = world.installation
    const options = { [oauth.customFetch]: fetchOf(world) as never, [oauth.allowInsecureRequests]: true }
    const discovered = await oauth.discoveryRequest(new URL(publicUrl), { ...options, algorithm: 'oauth2' })
    const server = await oauth.processDiscoveryResponse(new URL(publicUrl), discovered)
    const resource = new URL(`${publicUrl}/v1/organization`)
    const granted = async (client: oauth.Client, auth: oauth.ClientAuth, parameters: Record<string, string>) =>
      oauth.processClientCredentialsResponse(server, client, await oauth.clientCredentialsGrantRequest(server, client, auth, parameters, options))

    for (const { way, clientId, forOauth } of await clientsOf(issuer)) {
      const client = { client_id: clientId }
      const { access_token: token, scope } = await granted(client, forOauth, { scope: 'organization:read' })
      assert.equal(scope, 'organization:read')
      const request = new Request(resource, { headers: { authorization: `Bearer ${token}` } })
      const claims = await oauth.validateJwtAccessToken(server, request, publicUrl, options)
      assert.deepEqual([claims.client_id, claims.sub, claims.scope], [clientId, clientId, 'organization:read'], way)
      assert.equal((await oauth.protectedResourceRequest(token, 'GET', resource, undefined, undefined, options)).status, 200)
      const inspect = async () =>
        oauth.processIntrospectionResponse(server, client, await oauth.introspectionRequest(server, client, forOauth, token, options))
      assert.equal((await inspect()).active, true, way)
      await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, forOauth, token, options))
      assert.equal((await inspect()).active, false, way)
    }

    const client = { client_id: issuer.clientId }
    const good = oauth.ClientSecretBasic(issuer.clientSecret)
    const refusal = (parameters: Record<string, string>, auth = good) =>
      granted(client, auth, parameters).then(() => assert.fail('It was granted.'), (error: unknown) => error)
    const unknownScope = (await refusal({ scope: 'everything' })) as oauth.ResponseBodyError
    assert.deepEqual([unknownScope.status, unknownScope.error, typeof unknownScope.error_description], [400, 'invalid_scope', 'string'])
    // RFC 9110 wants a challenge with every 401, whichever way the client had taken.
    for (const auth of [oauth.ClientSecretBasic('wrong'), oauth.ClientSecretPost('wrong')]) {
      const error = (await refusal({}, auth)) as oauth.WWWAuthenticateChallengeError
      assert.ok(error instanceof oauth.WWWAuthenticateChallengeError)
      assert.deepEqual([error.status, error.cause.map(({ scheme }) => scheme)], [401, ['basic']])
      assert.equal(((await error.response.json()) as { error: string }).error, 'invalid_client')
    }
    const challengeOf = async (token: string, at = resource) => {
      const error = await oauth.protectedResourceRequest(token, 'GET', at, undefined, undefined, options).then(
        () => assert.fail('It was let in.'), (refused: unknown) => refused)
      assert.ok(error instanceof oauth.WWWAuthenticateChallengeError)
      return [error.status, ...error.cause.map(({ scheme, parameters }) => [scheme, parameters.realm, parameters.error, parameters.scope])]
    }
    assert.deepEqual(await challengeOf('nonsense'), [401, ['bearer', 'vellum', 'invalid_token', undefined]])
    const { access_token: poor } = await granted(client, good, { scope: 'audit:read' })
    assert.deepEqual(await challengeOf(poor), [403, ['bearer', 'vellum', 'insufficient_scope', 'organization:read']])
  }),

  scenario('a client that asks wrongly is told so in the words of RFC 6749 and RFC 6750', async ({ ask, issuer }) => {
    const { clientId, clientSecret } = await issuer()
    const post = (form: Record<string, string>, headers: Record<string, string> = {}, path = '/oauth/token') => ask('POST', path, { form, headers })
    const own = { client_id: clientId, client_secret: clientSecret }
    const grant = { grant_type: 'client_credentials' }
    const basic = { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` }
    const refusals: [status: number, error: string, answer: Awaited<ReturnType<typeof post>>][] = [
      [400, 'invalid_request', await post(own)],
      [400, 'unsupported_grant_type', await post({ ...own, grant_type: 'password', username: 'a', password: 'b' })],
      [400, 'unsupported_grant_type', await post({ ...own, grant_type: 'authorization_code', code: 'a' })],
      [400, 'unsupported_grant_type', await post({ ...own, grant_type: 'refresh_token', refresh_token: 'a' })],
      [400, 'invalid_request', await post({ ...own, ...grant }, basic)],
      [400, 'invalid_request', await ask('POST', '/oauth/token', { body: 'grant_type=client_credentials&grant_type=client_credentials', headers: { ...basic, 'content-type': 'application/x-www-form-urlencoded' } })],
      [400, 'invalid_request', await ask('POST', '/oauth/token', { json: grant, headers: basic })],
      [400, 'invalid_request', await post({}, basic, '/oauth/introspect')],
      [400, 'invalid_request', await post({}, basic, '/oauth/revoke')],
      [401, 'invalid_client', await post(grant)],
      [401, 'invalid_client', await post({ ...grant, client_id: clientId })],
      [401, 'invalid_client', await post({ token: 'x' }, {}, '/oauth/introspect')],
      [401, 'invalid_client', await post({ token: 'x' }, {}, '/oauth/revoke')],
    ]
    for (const [status, error, answer] of refusals) {
      assert.deepEqual([answer.status, answer.json?.error], [status, error], answer.text)
      assert.match(answer.headers.get('content-type')!, /^application\/json\b/)
      assert.match(answer.json.error_description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/)
      assert.equal(answer.headers.get('cache-control'), 'no-store')
      const challenge = answer.headers.get('www-authenticate')
      assert.ok(status === 401 ? challenge!.startsWith('Basic realm="') : challenge === null, answer.text)
    }
    // A secret in an address would stand in logs: RFC 6749, section 2.3.1.
    const inAddress = await ask('POST', `/oauth/token?client_id=${clientId}&client_secret=${clientSecret}`, { form: grant })
    assert.deepEqual([inAddress.status, inAddress.json.error], [401, 'invalid_client'])
    // Without a token no error is named: RFC 6750, section 3.1.
    assert.equal((await ask('GET', '/v1/organization')).headers.get('www-authenticate'), 'Bearer realm="vellum"')
    expectStatus(await ask('GET', '/v1/organization?access_token=x'), 401)
  }, ['identity']),
]
