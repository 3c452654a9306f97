import assert from 'node:assert/strict'
import { createHmac, createPublicKey, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { createLocalJWKSet, jwtVerify } from 'jose'
import type { Answer } from './ask.ts'
import { expectProblem, expectStatus } from './expect.ts'
import { basicAuthorization, orderBody, requestToken } from './issuer.ts'
import { scenario } from './scenario.ts'

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const decode = (part: string): any => JSON.parse(Buffer.from(part, 'base64url').toString())

export default [
  scenario('a program gets a token by client credentials, and anyone can check it by the published keys', async ({ ask, issuer, installation }) => {
    const { clientId, clientSecret, organizationId } = await issuer()
    const metadata = expectStatus(await ask('GET', '/.well-known/oauth-authorization-server'), 200).json
    assert.equal(metadata.issuer, installation.publicUrl)
    const keys = createLocalJWKSet(expectStatus(await ask('GET', metadata.jwks_uri), 200).json)
    const answer = expectStatus(await requestToken(ask, { clientId, clientSecret }, 'credentials:read'), 200)
    assert.equal(answer.headers.get('cache-control'), 'no-store')
    assert.equal(answer.json.scope, 'credentials:read')
    const { payload } = await jwtVerify(answer.json.access_token, keys, {
      issuer: installation.publicUrl, audience: installation.publicUrl, typ: 'at+jwt',
    })
    assert.equal(payload['client_id'], clientId)
    assert.equal(payload['org'], organizationId)

    const wrong = await requestToken(ask, { clientId, clientSecret: `${clientSecret}x` })
    assert.equal(expectStatus(wrong, 401).json.error, 'invalid_client')
    assert.ok(wrong.headers.has('www-authenticate'))
    assert.equal(expectStatus(await requestToken(ask, { clientId, clientSecret }, 'everything'), 400).json.error, 'invalid_scope')
  }, ['identity']),

  scenario('tokens that were not made here, or for this, are refused', async ({ ask, issuer }) => {
    const { token, organizationId } = await issuer()
    const [header = '', payload = '', signature = ''] = token.split('.')
    const [{ keys: [jwk] }, head, claims] = [(await ask('GET', '/oauth/jwks.json')).json, decode(header), decode(payload)]
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const forge = (changes: object, more: object = {}): string => {
      const text = `${encode({ ...head, ...changes })}.${encode({ ...claims, ...more })}`
      return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`
    }
    const hmac = (secret: string | Buffer): string => {
      const text = `${encode({ ...head, alg: 'HS256' })}.${payload}`
      return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
    }
    const spki = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'der' })
    const refused: Record<string, string> = {
      'no JWT': 'secret',
      'alg none': `${encode({ ...head, alg: 'none' })}.${payload}.`,
      'HS256 with the public key': hmac(Buffer.from(jwk.x, 'base64url')),
      'HS256 with the public key as SPKI': hmac(spki),
      'HS256 with the public key as PEM': hmac(createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })),
      'another organization in it': `${header}.${encode({ ...claims, org: randomUUID() })}.${signature}`,
      'another scope in it': `${header}.${encode({ ...claims, scope: `${claims.scope} everything` })}.${signature}`,
      'a stranger’s key under our key id': forge({}),
      'a key that it brings along': forge({ jwk: publicKey.export({ format: 'jwk' }) }),
      'an address of keys': forge({ jku: 'https://attacker.example/keys' }),
      'an unknown key id': forge({ kid: 'unknown' }),
      'another type': forge({ typ: 'JWT' }),
      'an unknown critical header': forge({ crit: ['x'], x: 1 }),
      'no expiry': forge({}, { exp: undefined }),
      'an old one': forge({}, { exp: 1 }),
      'half a signature': token.slice(0, -40),
      '15 KB': `${header}.${encode({ ...claims, filler: 'x'.repeat(10_000) })}.${signature}`,
    }
    for (const [name, one] of Object.entries(refused)) {
      const answer = await ask('GET', '/v1/organization', { token: one })
      assert.equal(answer.status, 401, `${name}: ${answer.status} ${answer.text}`)
      expectProblem(answer, 401, 'token-refused')
      assert.match(answer.headers.get('www-authenticate')!, /^Bearer realm="vellum", error="invalid_token"/)
    }
    // As long as no server takes in a header.
    assert.ok((await ask('GET', '/v1/organization', { token: 'x'.repeat(65_536) })).status >= 400)
    const absent = expectProblem(await ask('GET', '/v1/organization'), 401, 'unauthenticated')
    assert.match(absent.headers.get('www-authenticate')!, /^Bearer/)
    expectProblem(await ask('GET', '/v1/organization', { headers: { authorization: 'Basic eDp5' } }), 401)
    assert.equal((await ask('GET', '/v1/organization', { token })).json.id, organizationId)
  }),

  scenario('a token permits what it was asked for and no more', async (world) => {
    const { ask } = world
    const issuer = await world.issuer()
    const token = (await requestToken(ask, issuer, 'credentials:read')).json.access_token as string
    const json = orderBody({ name: 'Ada Lovelace', email: issuer.email('ada'), achievement: 'Distributed Systems' })
    expectProblem(await ask('POST', '/v1/credentials', { json, token }), 403, 'forbidden')
    expectProblem(await ask('DELETE', '/v1/recipients/x', { token }), 403, 'forbidden')
    expectProblem(await ask('GET', '/v1/messages', { token }), 403, 'forbidden')
    expectStatus(await ask('GET', '/v1/credentials', { token }), 200)
    // A client gives only what it has.
    const manager = (await requestToken(ask, issuer, 'clients:manage')).json.access_token as string
    expectProblem(await ask('POST', '/v1/clients', { json: { name: 'More', scopes: ['credentials:write'] }, token: manager }), 403, 'forbidden')
    const made = expectStatus(await issuer.ask('POST', '/v1/clients', { json: { name: 'Reader', scopes: ['credentials:read'] } }), 201).json
    const reader = await requestToken(ask, { clientId: made.client_id, clientSecret: made.client_secret })
    assert.equal(expectStatus(reader, 200).json.scope, 'credentials:read')
    expectStatus(await issuer.ask('DELETE', `/v1/clients/${made.client_id}`), 200)
    expectStatus(await requestToken(ask, { clientId: made.client_id, clientSecret: made.client_secret }), 401)
  }),

  scenario('a revoked token is dead', async (world) => {
    const { ask } = world
    const issuer = await world.issuer()
    const authorization = basicAuthorization(issuer.clientId, issuer.clientSecret)
    const inspect = async () => expectStatus(await ask('POST', '/oauth/introspect', { form: { token: issuer.token }, headers: { authorization } }), 200).json
    assert.equal((await inspect()).active, true)
    const stranger = await world.issuer()
    const asStranger = { authorization: basicAuthorization(stranger.clientId, stranger.clientSecret) }
    expectStatus(await ask('POST', '/oauth/revoke', { form: { token: issuer.token }, headers: asStranger }), 200)
    assert.equal((await inspect()).active, true, 'A stranger revoked it.')
    const theirs = await ask('POST', '/oauth/introspect', { form: { token: issuer.token }, headers: asStranger })
    assert.deepEqual(theirs.json, { active: false })
    expectStatus(await ask('POST', '/oauth/revoke', { form: { token: issuer.token }, headers: { authorization } }), 200)
    assert.deepEqual(await inspect(), { active: false })
  }, ['identity']),

  scenario('what belongs to another organization answers as what does not exist', async (world) => {
    const [owner, stranger] = [await world.issuer(), await world.issuer()]
    const credential = await owner.issue()
    const batch = expectStatus(await owner.ask('POST', '/v1/batches', { body: 'name,email\n', headers: { 'content-type': 'text/csv' } }), 202).json
    const content = { design: 'badge-modern', description: 'Ours.', criteria: 'Be one of us.', achievementType: 'Badge' }
    const template = expectStatus(await owner.ask('PUT', '/v1/templates/ours', { json: content }), 200).json
    const routes: [method: string, path: (id: string) => string, id: string, json?: unknown][] = [
      ['GET', (id) => `/v1/credentials/${id}`, credential.id],
      ['GET', (id) => `/v1/credentials/${id}/certificate.pdf`, credential.id],
      ['POST', (id) => `/v1/credentials/${id}/revoke`, credential.id, {}],
      ['POST', (id) => `/v1/credentials/${id}/suspend`, credential.id, {}],
      ['POST', (id) => `/v1/credentials/${id}/reinstate`, credential.id, {}],
      ['GET', (id) => `/v1/batches/${id}`, batch.id],
      ['GET', (id) => `/v1/batches/${id}/errors`, batch.id],
      ['GET', (id) => `/v1/credentials?batch=${id}`, batch.id],
      ['GET', (id) => `/v1/messages?credential=${id}`, credential.id],
      ['GET', (id) => `/v1/templates/${id}`, template.id],
      ['GET', (id) => `/v1/clients/${id}`, owner.clientId],
      ['DELETE', (id) => `/v1/clients/${id}`, owner.clientId],
      ['DELETE', (id) => `/v1/recipients/${id}`, credential.recipient!.id],
    ]
    for (const [path, list] of [['/v1/credentials', 'credentials'], ['/v1/batches', 'batches'], ['/v1/messages', 'messages']] as const)
      assert.deepEqual(expectStatus(await stranger.ask('GET', path), 200).json[list], [], path)
    const { clients } = expectStatus(await stranger.ask('GET', '/v1/clients'), 200).json
    assert.deepEqual(clients.map((one: any) => one.id), [stranger.clientId])
    const { templates } = expectStatus(await stranger.ask('GET', '/v1/templates'), 200).json
    assert.ok(templates.length > 0 && !templates.some(({ slug }: any) => slug === 'ours'))
    const plain = ({ status, text }: Answer, id: string) => ({ status, text: text.replaceAll(id, 'ID') })
    for (const [method, path, id, json] of routes) {
      const unknown = id.replace(/[0-9a-f](?=.{3}$)/, (digit) => (digit === '0' ? '1' : '0'))
      const question = json === undefined ? {} : { json }
      const foreign = plain(await stranger.ask(method, path(id), question), id)
      const missing = plain(await stranger.ask(method, path(unknown), question), unknown)
      assert.deepEqual(foreign, missing, `${method} ${path('{id}')}`)
      assert.ok(missing.status === 404 || missing.text.includes('[]'), `${method} ${path('{id}')}: ${missing.status} ${missing.text}`)
    }
    assert.equal((await owner.ask('GET', `/v1/credentials/${credential.id}`)).json.state, 'issued')
    expectStatus(await requestToken(world.ask, owner), 200)
  }),
]
