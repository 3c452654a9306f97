import { describe, expect, it } from 'vitest'
import type { allScopes } from '#modules/identity/contract.ts'
import { openProvider } from '#modules/identity/provider/openid.ts'
import { ask, clients, filesWith, getToken, identityAlone, inDatabase, start, stop } from '../../../../test/identity/identity-alone.ts'
import { member, organization, problem } from '../../../../test/identity/people.ts'
import { account, invite, leave, organizationWithProvider, provider, refusals, settings, signInByProvider, withProvider } from '../../../../test/identity/with-provider.ts'

identityAlone()
withProvider()

const path = '/v1/organization/sign-in'
const put = (token: string, json: unknown) => ask('PUT', path, { token, json })

describe('the settings of a provider', () => {
  it('are shown without the secret, changed, taken away, and audited', async () => {
    const { token, organizationId } = await organization()
    const none = { redirectUri: `http://vellum.test/sign-in/callback/${organizationId}`, provider: null }
    expect((await ask('GET', path, { token })).json).toEqual(none)
    const set = await put(token, settings({ domains: ['canary.example'], joinRole: 'issuer' }))
    expect(set.json).toMatchObject({ ...none, provider: { issuer: provider.issuer, clientId: 'vellum', domains: ['canary.example'], joinRole: 'issuer', required: false, permits: ['owner', 'admin', 'issuer', 'reviewer', 'viewer'] } })
    const { clientSecret: _, ...kept } = settings()
    expect((await put(token, kept)).json.provider).toMatchObject({ domains: [], joinRole: null })
    for (const answer of [set, await ask('GET', path, { token })]) expect(answer.text).not.toContain(provider.clientSecret)
    expect(filesWith(provider.clientSecret)).toEqual([])
    for (let repeat = 0; repeat < 2; repeat++) expect((await ask('DELETE', path, { token })).json).toEqual(none)
    const audit = inDatabase((db) => db.prepare(`select action, details from audit where action like 'sign-in.%' order by sequence`).all()) as { action: string; details: string }[]
    expect(audit.map(({ action, details }) => [action, JSON.parse(details).secret])).toEqual([
      ['sign-in.provider-set', 'set'], ['sign-in.provider-set', 'kept'], ['sign-in.provider-removed', undefined],
    ])
  })

  it('are refused in words where they are not right', async () => {
    const { token } = await organization()
    const { clientSecret: _, ...without } = settings()
    expect(problem(await put(token, without))).toEqual([422, 'validation-failed'])
    for (const wrong of [
      { issuer: 'ftp://x' }, { issuer: 'x' }, { clientId: '' }, { domains: ['Canary.example'] }, { domains: ['@canary.example'] }, { domains: ['localhost'] },
      { joinRole: 'emperor' }, { joinRole: 'viewer' }, { colour: 'red' }, { clientSecret: 'ü' },
    ]) expect([wrong, ...problem(await put(token, settings(wrong)))]).toEqual([wrong, 422, 'validation-failed'])
    expect((await ask('GET', path, { token })).json.provider).toBe(null)
  })

  it('are looked at before they are kept, and without being kept', async () => {
    const { token } = await organization()
    const check = (issuer: string) => ask('POST', `${path}/check`, { token, json: { issuer, clientId: 'vellum' } })
    expect((await check(provider.issuer)).json).toEqual({
      issuer: provider.issuer, authorizationEndpoint: `${provider.issuer}/auth`, tokenEndpoint: `${provider.issuer}/token`, jwksUri: `${provider.issuer}/jwks`,
    })
    expect(problem(await check(`${provider.issuer}/below`))).toEqual([422, 'validation-failed'])
    for (const inside of ['http://127.0.0.1:1', 'https://127.0.0.1', 'https://127.1:3001', 'http://example.org', 'https://169.254.169.254', 'https://localhost', 'https://[::1]']) {
      const answer = await check(inside)
      // Not even tried: it would be unreachable then.
      expect([inside, ...problem(answer), answer.json.reason]).toEqual([inside, 422, 'validation-failed', 'provider-unfit'])
    }
    const metadata = (await (await fetch(`${provider.issuer}/.well-known/openid-configuration`)).json()) as Record<string, unknown>
    const unfit: [string, object][] = [
      ['calls itself otherwise', { issuer: 'https://login.example/{tenantid}/v2.0' }],
      ['https', { authorization_endpoint: 'javascript:alert(1)' }], ['https', { token_endpoint: 'http://elsewhere.example/token' }],
      ['must name', { jwks_uri: undefined }], ['code flow', { response_types_supported: ['id_token'] }], ['PKCE', { code_challenge_methods_supported: ['plain'] }],
      ['key pair', { id_token_signing_alg_values_supported: ['HS256'] }],
    ]
    for (const [told, change] of unfit) {
      provider.tamper = ({ url }, response) => {
        if (url !== '/.well-known/openid-configuration') return false
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify({ ...metadata, ...change }))
        return true
      }
      for (const answer of [await check(provider.issuer), await put(token, settings())]) {
        expect([told, ...problem(answer)]).toEqual([told, 422, 'validation-failed'])
        expect(answer.json.detail).toContain(told)
      }
    }
    provider.tamper = ({ url }, response) => url === '/jwks' && (response.setHeader('content-type', 'application/json'), response.end('{"keys":[]}'), true)
    expect((await check(provider.issuer)).json).toMatchObject({ detail: expect.stringContaining('no keys'), reason: 'provider-unfit' })
    provider.tamper = (_, response) => (response.writeHead(500), response.end(), true)
    expect((await check(provider.issuer)).json.reason).toBe('provider-unreachable')
    expect((await ask('GET', path, { token })).json.provider).toBe(null)
  })

  it('are of no issuer that serves the customers of everybody, though openid-client knows its name', async () => {
    const common = 'https://login.microsoftonline.com/common/v2.0'
    const document = {
      issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0', authorization_endpoint: `${common}/authorize`, token_endpoint: `${common}/token`, jwks_uri: `${common}/keys`,
    }
    const fetch = Object.assign(async () => ({ status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(document)) }), { close: async () => {} })
    const opened = openProvider({ issuer: common, clientId: 'x' }, { fetch, privateHosts: [], now: () => new Date() })
    await expect(opened).rejects.toMatchObject({ kind: 'unfit', message: expect.stringContaining('your organization alone') })
  })

  it('reach no private address that the installation does not name', async () => {
    const { token } = await organization()
    await stop()
    await start()
    const answer = await put(token, settings())
    expect([...problem(answer), answer.json.reason]).toEqual([422, 'validation-failed', 'provider-unfit'])
  })
})

describe('whoever sets a provider', () => {
  it('needs the scope, and gives no role that they could not give, nor makes an owner of anybody', async () => {
    const { organizationId, token } = await organization()
    const issuer = await member(organizationId, 'issuer', 'Iris')
    expect(problem(await put(await issuer.token(), settings()))).toEqual([403, 'forbidden'])
    const domains = ['canary.example']
    expect(problem(await put(token, settings({ domains, joinRole: 'owner' })))).toEqual([403, 'forbidden'])
    const tokenWith = async (scopes: readonly string[]) => {
      const { clientId, clientSecret } = await clients.createClient({ organizationId, requestId: scopes.join(), name: 'x', scopes: scopes as typeof allScopes })
      return (await getToken(clientId, clientSecret)).json.access_token as string
    }
    expect(problem(await put(await tokenWith(['sign-in:manage']), settings()))).toEqual([403, 'forbidden'])
    const viewer = await tokenWith(['sign-in:manage', 'credentials:read', 'templates:read', 'organization:read'])
    expect(problem(await put(viewer, settings({ domains, joinRole: 'issuer' })))).toEqual([403, 'forbidden'])
    expect((await put(viewer, settings({ domains, joinRole: 'viewer' }))).json.provider.permits).toEqual(['viewer'])
  })

  it('gets in as nobody who may do more: an admin’s provider signs in no owner, by address, by invitation, or after a promotion', async () => {
    const { organizationId, owner, set } = await organizationWithProvider()
    const admin = await member(organizationId, 'admin', 'Adam')
    const vera = await member(organizationId, 'viewer', 'Vera')
    expect((await set(settings(), admin)).json.provider.permits).toEqual(['admin', 'issuer', 'reviewer', 'viewer'])
    account('owner', { email: owner.email })
    expect((await signInByProvider('acme', 'owner')).answer.status).toBe(403)
    await invite(organizationId, 'next@canary.example', 'owner')
    expect((await signInByProvider('acme', account('next'))).answer.status).toBe(403)
    const { who } = await signInByProvider('acme', account('vera'))
    await owner.ask('PATCH', `/v1/members/${vera.memberId}`, { token: await owner.token(), json: { role: 'owner' } })
    expect(problem(await who.ask('POST', '/v1/session/token', { json: { organization: 'acme' } }))).toEqual([403, 'forbidden'])
    expect((await signInByProvider('acme', 'vera')).answer.status).toBe(403)
    expect(refusals()).toEqual(['role-not-permitted', 'role-not-permitted', 'role-not-permitted'])
    // An owner may trust it with that.
    await set(settings())
    expect((await signInByProvider('acme', 'owner')).answer.status).toBe(303)
    expect((await signInByProvider('acme', 'next')).answer.status).toBe(303)
  })

  it('may do it on a page', async () => {
    const { owner, organizationId } = await organizationWithProvider()
    const page = '/account/organizations/acme/sign-in'
    const vera = await member(organizationId, 'viewer', 'Vera')
    expect((await vera.ask('GET', page)).status).toBe(404)
    expect((await vera.ask('POST', page, { form: { do: 'remove' } })).status).toBe(404)
    const shown = await owner.ask('GET', page)
    expect(shown.text).toContain(`/sign-in/callback/${organizationId}`)
    expect(shown.text).not.toContain(provider.clientSecret)
    const form = { issuer: provider.issuer, clientId: 'vellum', clientSecret: '', domains: 'Canary.example, other.example', joinRole: 'viewer', required: 'yes' }
    expect((await owner.ask('POST', page, { form: { ...form, do: 'check' } })).text).toContain('Nothing is saved yet')
    expect((await owner.ask('POST', page, { form: { ...form, domains: 'x', do: 'save' } })).status).toBe(422)
    expect((await owner.ask('POST', page, { form: { ...form, joinRole: 'owner', do: 'save' } })).status).toBe(422)
    expect((await owner.ask('POST', page, { form: { ...form, do: 'save' } })).text).toContain('Saved.')
    const { json } = await owner.ask('GET', path, { token: await owner.token() })
    expect(json.provider).toMatchObject({ domains: ['canary.example', 'other.example'], joinRole: 'viewer', required: true })
    const foreign = await owner.ask('POST', page, { form: { do: 'remove' }, headers: { origin: 'https://evil.example' } })
    expect(foreign.status).toBe(403)
    expect((await owner.ask('POST', page, { form: { do: 'remove' } })).text).toContain('Taken away.')
    expect((await owner.ask('GET', '/account/organizations/second/sign-in')).status).toBe(404)
  })
})

it('the secret is sealed anew when data keys are rotated, and works still', async () => {
  const { organizationId } = await organizationWithProvider()
  await member(organizationId, 'viewer', 'Vera')
  await stop()
  await start({ SIGN_IN_PRIVATE_HOSTS: provider.host, DATA_KEY_SECONDS: '2', STEP_RETRY_BASE_MS: '200' }, { listeners: true })
  await clients.rotateDataKeys({ rotation: 'r1', scope: { of: 'all' } })
  await expect.poll(async () => (await clients.keyStatus({})).rotations[0]!.modules, { timeout: 30_000 }).toEqual([{ module: 'identity', done: true, left: 0 }])
  await clients.retireDataKeys({ scope: { of: 'all' } })
  const { answer } = await signInByProvider('acme', account('vera'))
  expect(answer.status).toBe(303)
  expect(await leave((await signInByProvider('acme', 'vera')).who, 'acme')).toContain('code_challenge_method=S256')
}, 60_000)
