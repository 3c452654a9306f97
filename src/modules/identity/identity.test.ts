import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, SignJWT, UnsecuredJWT } from 'jose'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { boot, type Running } from '#platform/boot.ts'
import { createClient } from '#platform/call/client.ts'
import { createServiceTokens } from '#platform/call/service-token.ts'
import type { Client } from '#platform/contract.ts'
import { assertionType } from './client/client-assertion.ts'
import { identity } from './index.ts'
import { allScopes } from './scopes.ts'

const publicUrl = 'http://vellum.test'
const paths = ['/oauth', '/.well-known/oauth-authorization-server', '/setup', '/v1/setup', '/v1/organization', '/v1/clients', '/v1/recipients']
const program = {
  registry: { identity: { paths, load: async () => (await import('./module.ts')).default } },
  authority: 'identity',
  scopes: {},
}

let dataDir = ''
let running: Running
let clients: Client<typeof identity>
let links: string[] = []

/** Identity alone, on SQLite, as the program brings it up. */
async function start(environment: Record<string, string> = {}): Promise<void> {
  running = await boot(program, {
    environment: { DATA_DIR: dataDir, PUBLIC_URL: publicUrl, ...environment },
    log: pino({ level: 'silent' }),
    listeners: false,
  })
  const tokens = createServiceTokens(running.serviceSecret)
  clients = createClient(identity, running.transportTo('identity'), { module: 'issuance', tokens })
}

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'vellum-identity-'))
  links = []
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    links.push(...(String(text).match(/\S+\/setup#\S+/g) ?? []))
    return true
  })
  await start()
})
afterEach(async () => {
  await running.stop()
  vi.restoreAllMocks()
  rmSync(dataDir, { recursive: true })
})

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: any
}

async function ask(method: string, path: string, options: { token?: string; json?: unknown; headers?: Record<string, string>; form?: Record<string, string> } = {}): Promise<Answer> {
  const { token, json, form } = options
  const response = await running.control.request(publicUrl + path, {
    method,
    headers: {
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...options.headers,
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    ...(form === undefined ? {} : { body: new URLSearchParams(form).toString() }),
  })
  const text = await response.text()
  const isJson = /json/.test(response.headers.get('content-type') ?? '')
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined }
}

const basic = (id: string, secret: string) => ({ authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` })
const getToken = (id: string, secret: string, form: Record<string, string> = {}) =>
  ask('POST', '/oauth/token', { headers: basic(id, secret), form: { grant_type: 'client_credentials', ...form } })

/** An organization with a client of all scopes, and a token of it. */
async function organizationWithToken(slug = 'acme') {
  const organization = await clients.createOrganization({ slug, name: `The ${slug}` })
  const organizationId = organization.id
  const client = await clients.createClient({ organizationId, requestId: 'first', name: 'Test', scopes: allScopes })
  const token = (await getToken(client.clientId, client.clientSecret)).json.access_token as string
  return { organization, organizationId, client, token }
}

const keyOf = async (subject: string) => (await clients.dataKeys({ subjects: [subject] })).keys

describe('the first run', () => {
  const order = { slug: 'acme-school', name: 'Acme School' }
  const token = () => links.at(-1)!.split('#')[1]!

  it('prints a link with which one organization is made, once', async () => {
    expect(links).toHaveLength(1)
    expect(links[0]).toMatch(/^http:\/\/vellum\.test\/setup#[\w-]{43}$/)
    const first = await ask('POST', '/v1/setup', { json: { token: token(), organization: order } })
    expect(first.status).toBe(201)
    expect(first.json).toMatchObject({ client_secret: expect.stringMatching(/^vls_/), organization: { ...order, defaultLocale: 'en' } })
    expect(first.headers.get('cache-control')).toBe('no-store')
    const granted = await getToken(first.json.client_id, first.json.client_secret)
    expect(granted.json.scope.split(' ').sort()).toEqual([...allScopes].sort())
    const second = await ask('POST', '/v1/setup', { json: { token: token(), organization: { ...order, slug: 'other' } } })
    expect([second.status, second.json.type]).toEqual([409, 'urn:vellum:problem:state-refused'])
    expect((await clients.organizations({})).organizations).toHaveLength(1)
  })

  it('makes one organization when the link is used many times at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        ask('POST', '/v1/setup', { json: { token: token(), organization: { ...order, slug: `acme-${index}` } } }),
      ),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(409)])
    expect((await clients.organizations({})).organizations).toHaveLength(1)
  })

  it('refuses any other token and stores none in clear', async () => {
    const answer = await ask('POST', '/v1/setup', { json: { token: 'guess', organization: order } })
    expect(answer.status).toBe(409)
    expect(filesWith(token())).toEqual([])
  })

  it('has a page that works without scripts and shows what was typed as text only', async () => {
    const page = await ask('GET', '/setup')
    expect([page.status, page.text]).toEqual([200, expect.stringContaining('<form method="post" action="/setup">')])
    const policy = page.headers.get('content-security-policy')!
    const nonce = /script-src 'self' 'nonce-([^']+)'/.exec(policy)?.[1]
    expect(page.text.match(/<script nonce="([^"]+)"/)?.[1]).toBe(nonce)
    const name = '<img src=x onerror=alert(1)>'
    const wrong = await ask('POST', '/setup', { form: { token: token(), name, slug: 'Not A Slug' } })
    expect([wrong.status, wrong.text]).toEqual([422, expect.stringContaining('Short name: Use small letters')])
    expect(wrong.text).not.toContain('<img')
    const done = await ask('POST', '/setup', { form: { token: ` ${links[0]} `, name, slug: 'acme' } })
    expect([done.status, done.text]).toEqual([201, expect.stringMatching(/vls_\w+/)])
    expect(done.text).not.toContain('<img')
    expect((await ask('GET', '/setup')).text).toContain('Vellum is set up')
  })

  it('offers a new link at the next start until there is an organization', async () => {
    await running.stop()
    await start()
    expect(links).toHaveLength(2)
    await clients.createOrganization(order)
    expect((await ask('POST', '/v1/setup', { json: { token: token(), organization: order } })).status).toBe(409)
    await running.stop()
    await start()
    expect(links).toHaveLength(2)
  })
})

describe('a wrong master key', () => {
  const stateOf = () =>
    readdirSync(dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path, readFileSync(path).toString('base64'), statSync(path).mtimeMs])

  it('stops the start with exit code 78 and changes no file', async () => {
    await running.stop()
    const before = stateOf()
    const wrong = start({ MASTER_KEY: Buffer.alloc(32, 1).toString('base64') })
    await expect(wrong).rejects.toMatchObject({ exitCode: 78, message: expect.stringMatching(/another master key/) })
    expect(stateOf()).toEqual(before)
  })

  it('is found by the database too, and never recorded as the right one', async () => {
    const right = readFileSync(join(dataDir, 'master.key'), 'utf8').trim()
    await running.stop()
    rmSync(join(dataDir, 'key-check'))
    const wrong = start({ MASTER_KEY: Buffer.alloc(32, 1).toString('base64') })
    await expect(wrong).rejects.toMatchObject({ exitCode: 78, message: expect.stringMatching(/database of identity/) })
    expect(readdirSync(dataDir)).not.toContain('key-check')
    await start({ MASTER_KEY: right })
    expect(readdirSync(dataDir)).toContain('key-check')
  })
})

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

  it('keeps its key over a restart', async () => {
    const { token } = await organizationWithToken()
    await running.stop()
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

describe('an organization', () => {
  it('is made once per slug', async () => {
    const order = { slug: 'acme', name: 'Acme', url: 'https://acme.example', contactEmail: 'office@acme.example' }
    const [one, two] = await Promise.all([clients.createOrganization(order), clients.createOrganization(order)])
    expect(two).toEqual(one)
    expect(one).toMatchObject({ ...order, defaultLocale: 'en' })
    await expect(clients.createOrganization({ ...order, name: 'Not Acme' })).rejects.toMatchObject({ code: 'already-exists' })
    expect(await clients.organization({ slug: 'acme' })).toEqual(await clients.organization({ id: one.id }))
    await expect(clients.organization({ slug: 'nobody' })).rejects.toMatchObject({ code: 'not-found' })
    expect(filesWith('office@acme.example')).toEqual([])
  })

  it.each(['A', 'a', '-a', 'a-', 'a--b', 'ä-b', 'a b', 'a/b', 'a'.repeat(51)])('has no slug %s', async (slug) => {
    await expect(clients.createOrganization({ slug, name: 'X' })).rejects.toMatchObject({ code: 'validation-failed' })
  })

  it('changes what is sent and keeps its slug once it is frozen', async () => {
    const { token, organizationId } = await organizationWithToken()
    await organizationWithToken('other')
    const patch = (json: unknown) => ask('PATCH', '/v1/organization', { token, json })
    const changed = await patch({ slug: 'acme-2', url: 'https://acme.example', contactEmail: 'a@acme.example' })
    expect(changed.json).toMatchObject({ slug: 'acme-2', name: 'The acme', url: 'https://acme.example', contactEmail: 'a@acme.example' })
    expect((await patch({ slug: 'other' })).json.type).toBe('urn:vellum:problem:already-exists')
    expect((await patch({ colour: 'red' })).status).toBe(422)
    const frozen = await clients.freezeOrganization({ id: organizationId })
    expect(await clients.freezeOrganization({ id: organizationId })).toEqual(frozen)
    expect((await patch({ slug: 'acme-3' })).json.type).toBe('urn:vellum:problem:state-refused')
    expect((await patch({ slug: 'acme-2', name: 'Acme', url: null })).json).toMatchObject({ slug: 'acme-2', name: 'Acme' })
    expect((await ask('GET', '/v1/organization', { token })).json).not.toHaveProperty('url')
    expect((await patch({})).status).toBe(200)
  })
})

describe('data keys', () => {
  it('are told in batches: one version each, 32 bytes, unknown ones left out', async () => {
    const { organizationId } = await organizationWithToken()
    const { keys } = await clients.dataKeys({ subjects: ['installation', organizationId, 'nobody'] })
    expect(keys.map(({ subject, version, erased }) => [subject, version, erased])).toEqual(
      expect.arrayContaining([['installation', 1, false], [organizationId, 1, false]]),
    )
    expect(new Set(keys.map(({ key }) => key)).size).toBe(2)
    for (const { key } of keys) expect(Buffer.from(key!, 'base64')).toHaveLength(32)
    await expect(clients.dataKeys({ subjects: Array(501).fill('x') })).rejects.toMatchObject({ code: 'validation-failed' })
  })

  it('are reserved for 500 recipients, the same ones for the same reservation', async () => {
    const { organizationId } = await organizationWithToken()
    const order = { organizationId, reservationId: 'r1', count: 500 }
    const answers = await Promise.all([1, 2, 3].map(() => clients.reserveRecipients(order)))
    expect(new Set(answers[0]!.recipientIds).size).toBe(500)
    for (const answer of answers) expect(answer).toEqual(answers[0])
    const { keys } = await clients.dataKeys({ subjects: answers[0]!.recipientIds })
    expect(new Set(keys.map(({ key }) => key)).size).toBe(500)
    await expect(clients.reserveRecipients({ ...order, count: 7 })).rejects.toMatchObject({ code: 'conflict' })
    await expect(clients.reserveRecipients({ ...order, organizationId: 'nobody' })).rejects.toMatchObject({ code: 'not-found' })
  })

  it('are gone for good after an erasure, which is published once', async () => {
    const { organizationId, token } = await organizationWithToken()
    const other = await organizationWithToken('other')
    const { recipientIds } = await clients.reserveRecipients({ organizationId, reservationId: 'r1', count: 50 })
    const [erased, kept] = recipientIds as [string, string]
    const wrapped = inDatabase((db) => db.prepare('select wrapped_key from data_keys where subject = ?').pluck().get(erased)) as Buffer
    expect(filesWith(wrapped)).not.toEqual([])
    expect((await ask('DELETE', `/v1/recipients/${erased}`, { token: other.token })).status).toBe(404)
    expect((await ask('DELETE', `/v1/recipients/${organizationId}`, { token })).status).toBe(404)
    const first = await ask('DELETE', `/v1/recipients/${erased}`, { token })
    expect([first.status, first.json.id]).toEqual([200, erased])
    expect((await ask('DELETE', `/v1/recipients/${erased}`, { token })).text).toBe(first.text)
    expect(await clients.eraseRecipient({ organizationId, recipientId: erased })).toEqual({ erasedAt: first.json.erasedAt })
    expect(await keyOf(erased)).toEqual([{ subject: erased, version: 1, key: null, erased: true }])
    expect(await keyOf(kept)).toMatchObject([{ erased: false }])
    const events = inDatabase((db) => db.prepare("select name, key, sequence from outbox where family = 'recipient'").all())
    expect(events).toEqual([{ name: 'recipient.erased', key: erased, sequence: 1 }])
    await running.stop()
    // Ciphertext and tag: no part of them is left in what the file does not use any more.
    for (let at = wrapped.length - 48; at + 8 <= wrapped.length; at += 8) {
      expect(filesWith(wrapped.subarray(at, at + 8)), `bytes from ${at}`).toEqual([])
    }
  })

  it('stand in the database wrapped, bound to their row', async () => {
    const { organizationId } = await organizationWithToken()
    const key = (await keyOf(organizationId))[0]!.key!
    expect(filesWith(Buffer.from(key, 'base64'))).toEqual([])
    const { recipientIds } = await clients.reserveRecipients({ organizationId, reservationId: 'r1', count: 2 })
    const [moved, kept] = recipientIds as [string, string]
    await running.stop()
    const database = new Sqlite(join(dataDir, 'identity.sqlite'))
    database
      .prepare('update data_keys set wrapped_key = (select wrapped_key from data_keys where subject = ?) where subject = ?')
      .run(kept, moved)
    database.close()
    await start()
    await expect(keyOf(moved)).rejects.toMatchObject({ code: 'internal' })
    expect(await keyOf(kept)).toHaveLength(1)
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

function filesWith(needle: string | Uint8Array): string[] {
  return readdirSync(dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(needle))
}

function inDatabase<R>(read: (database: Sqlite.Database) => R): R {
  const database = new Sqlite(join(dataDir, 'identity.sqlite'), { readonly: true })
  try {
    return read(database)
  } finally {
    database.close()
  }
}
