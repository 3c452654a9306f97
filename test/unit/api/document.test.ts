import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAnswerCheck, operationsOf } from '../../api/document.ts'
import { memberOf, password } from '../../api/members.ts'
import { recipientOf } from '../../api/recipients.ts'
import { type OpenIdProvider, startOpenIdProvider } from '../../servers/openid-provider.ts'
import { authenticator } from '../../identity/authenticator.ts'
import { dataUrl, logo, ownPage } from '../../render/own-page.ts'
import { issueRequest, quiet, template, type TwoOrganizations, twoOrganizations } from '../../api/two-organizations.ts'

let world: TwoOrganizations
let provider: OpenIdProvider
let document: Record<string, any>
let check: ReturnType<typeof createAnswerCheck>

beforeAll(async () => {
  provider = await startOpenIdProvider()
  world = await twoOrganizations({ environment: { SIGN_IN_PRIVATE_HOSTS: provider.host } })
  document = await (await world.installation.fetch('/openapi.json')).json() as typeof document
  check = createAnswerCheck(document)
}, 60_000)
afterAll(async () => {
  await world?.installation.remove()
  await provider?.stop()
})

describe('the document of the API', () => {
  it('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(structuredClone(document))
    expect(result.errors).toBeUndefined()
    expect(result.valid).toBe(true)
    expect(document.openapi).toMatch(/^3\.1/)
  })

  it('gives every operation a summary, and security schemes that it defines', () => {
    for (const [path, item] of Object.entries(document.paths)) {
      for (const [method, operation] of Object.entries(item as Record<string, any>)) {
        expect([method, path, typeof operation.summary, Array.isArray(operation.security)]).toEqual([method, path, 'string', true])
        for (const needed of operation.security) {
          for (const scheme of Object.keys(needed)) expect(Object.keys(document.components.securitySchemes)).toContain(scheme)
          for (const scope of needed.oauth2 ?? []) {
            expect(Object.keys(document.components.securitySchemes.oauth2.flows.clientCredentials.scopes)).toContain(scope)
          }
        }
      }
    }
  })
})

describe('every operation', () => {
  it('answers as the document says, in its main flow and when it refuses', async () => {
    const { owner, installation, belongings } = world
    const seen = new Set<string>()
    const faults: string[] = []
    const ask = async (method: string, path: string, address: string, options: { body?: unknown, type?: string, headers?: Record<string, string>, open?: boolean } = {}) => {
      const { body, type = 'application/json', headers = {}, open = false } = options
      const text = body === undefined ? null : typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
      const init = { method, body: text, headers: { ...(text !== null && { 'content-type': type }), ...headers } }
      const response = open ? await installation.fetch(address, init) : await owner.fetch(address, init)
      const bytes = Buffer.from(await response.arrayBuffer())
      const answered = response.headers.get('content-type') ?? ''
      const json = /json|\/vc/.test(answered) ? JSON.parse(bytes.toString()) as any : bytes
      faults.push(...check(method, path, { status: response.status, type: answered, body: json }))
      const expected = ['x-content-type-options', 'content-security-policy', 'referrer-policy', 'cache-control', 'x-request-id']
      faults.push(...expected.filter((name) => !response.headers.has(name)).map((name) => `${method} ${path}: no ${name}`))
      const cors = response.headers.get('access-control-allow-origin') !== null
      const isPublic = /^\/(v|credentials|issuers|status|log|\.well-known)\/|^\/organizations\//.test(path)
      if (cors !== isPublic) faults.push(`${method} ${path}: CORS is ${cors}`)
      if (response.status < 400) seen.add(`${method} ${path}`)
      return { status: response.status, json, headers: response.headers }
    }
    const form = 'application/x-www-form-urlencoded'

    await ask('GET', '/v1/organization', '/v1/organization')
    await ask('PATCH', '/v1/organization', '/v1/organization', { body: { url: 'https://owner.example', contactEmail: 'a@owner.example' } })
    await ask('PATCH', '/v1/organization', '/v1/organization', { body: { name: '' } })
    const { issuer, clientId, clientSecret } = provider
    for (const from of [issuer, 'http://127.0.0.1:1', 'x']) {
      await ask('POST', '/v1/organization/sign-in/check', '/v1/organization/sign-in/check', { body: { issuer: from, clientId } })
      await ask('PUT', '/v1/organization/sign-in', '/v1/organization/sign-in', { body: { issuer: from, clientId, clientSecret } })
    }
    for (const method of ['GET', 'DELETE', 'GET']) await ask(method, '/v1/organization/sign-in', '/v1/organization/sign-in')
    await ask('GET', '/v1/usage', '/v1/usage')
    const { json: made } = await ask('POST', '/v1/clients', '/v1/clients', { body: { name: 'Two', scopes: ['credentials:read'], expiresAt: '2099-01-01T00:00:00Z' } })
    const basic = { authorization: `Basic ${Buffer.from(`${made.client_id}:${made.client_secret}`).toString('base64')}` }
    const { json: granted } = await ask('POST', '/oauth/token', '/oauth/token', { body: 'grant_type=client_credentials', type: form, headers: basic, open: true })
    for (const path of ['/oauth/introspect', '/oauth/revoke']) {
      await ask('POST', path, path, { body: `token=${granted.access_token}`, type: form, headers: basic, open: true })
    }
    await ask('POST', '/oauth/token', '/oauth/token', { body: 'grant_type=client_credentials', type: form, open: true })
    await ask('POST', '/oauth/token', '/oauth/token', { body: '{}', open: true })
    await ask('GET', '/v1/clients', '/v1/clients?limit=1')
    await ask('GET', '/v1/clients', '/v1/clients?limit=0')
    await ask('GET', '/v1/clients/{id}', `/v1/clients/${made.client_id}`)
    await ask('DELETE', '/v1/clients/{id}', `/v1/clients/${made.client_id}`)
    const { json: { api_key: apiKey } } = await ask('POST', '/v1/api-keys', '/v1/api-keys', { body: { name: 'Script', scopes: ['credentials:read'] } })
    await ask('POST', '/v1/api-keys', '/v1/api-keys', { body: { name: 'Script', scopes: ['credentials:read'], expiresAt: '2020-01-01T00:00:00Z' } })
    await ask('GET', '/v1/api-keys', '/v1/api-keys?limit=1')
    await ask('GET', '/v1/api-keys/{id}', `/v1/api-keys/${apiKey.id}`)
    await ask('DELETE', '/v1/api-keys/{id}', `/v1/api-keys/${apiKey.id}`)
    await ask('GET', '/oauth/jwks.json', '/oauth/jwks.json', { open: true })
    await ask('GET', '/.well-known/oauth-authorization-server', '/.well-known/oauth-authorization-server', { open: true })
    await ask('POST', '/v1/setup', '/v1/setup', { body: { token: 'x', organization: { slug: 'third', name: 'Third' } }, open: true })

    const person = await memberOf(installation, 'owner', 'owner', 'second')
    const byCookie = { open: true, headers: person.headers }
    await ask('GET', '/v1/roles', '/v1/roles', { open: true })
    await ask('GET', '/v1/members', '/v1/members')
    await ask('GET', '/v1/members/{id}', `/v1/members/${person.memberId}`)
    await ask('PATCH', '/v1/members/{id}', `/v1/members/${person.memberId}`, { body: { role: 'admin' } })
    await ask('PATCH', '/v1/members/{id}', `/v1/members/${belongings.memberId}`, { body: { role: 'admin' } })
    const { json: invited } = await ask('POST', '/v1/invitations', '/v1/invitations', { body: { email: 'third@canary.example', role: 'viewer' } })
    await ask('POST', '/v1/invitations', '/v1/invitations', { body: { email: 'third', role: 'viewer' } })
    await ask('GET', '/v1/invitations', '/v1/invitations')
    await ask('DELETE', '/v1/invitations/{id}', `/v1/invitations/${invited.id}`)
    await ask('POST', '/v1/invitations/accept', '/v1/invitations/accept', { body: { token: 'x.y', name: 'N', password }, ...byCookie })
    await ask('POST', '/v1/session', '/v1/session', { body: { email: person.email, password: 'wrong' }, ...byCookie })
    await ask('POST', '/v1/session', '/v1/session', { body: { email: person.email, password }, ...byCookie })
    await ask('POST', '/v1/session/token', '/v1/session/token', { body: { organization: 'owner' }, ...byCookie })
    await ask('GET', '/v1/session', '/v1/session', byCookie)
    const { json: open_ } = await ask('GET', '/v1/sessions', '/v1/sessions', byCookie)
    await ask('DELETE', '/v1/sessions/{id}', `/v1/sessions/${open_.sessions.find((one: any) => !one.current).id}`, byCookie)
    const key = authenticator(installation.publicUrl)
    const { json: asked } = await ask('POST', '/v1/passkeys/options', '/v1/passkeys/options', { body: {}, ...byCookie })
    const { json: added } = await ask('POST', '/v1/passkeys', '/v1/passkeys', { body: { name: 'Telephone', credential: key.create(asked) }, ...byCookie })
    await ask('POST', '/v1/passkeys', '/v1/passkeys', { body: { name: 'Again', credential: key.create(asked) }, ...byCookie })
    await ask('GET', '/v1/passkeys', '/v1/passkeys', byCookie)
    await ask('PATCH', '/v1/passkeys/{id}', `/v1/passkeys/${added.id}`, { body: { name: 'Old telephone' }, ...byCookie })
    const fromPage = { open: true, headers: { origin: installation.publicUrl } }
    const { json: challenged, headers: given } = await ask('POST', '/v1/session/passkey/options', '/v1/session/passkey/options', fromPage)
    const inBrowser = { open: true, headers: { ...fromPage.headers, cookie: given.getSetCookie().map((line) => line.split(';')[0]).join('; ') } }
    for (let time = 0; time < 2; time++) await ask('POST', '/v1/session/passkey', '/v1/session/passkey', { body: { credential: key.get(challenged) }, ...inBrowser })
    await ask('DELETE', '/v1/passkeys/{id}', `/v1/passkeys/${added.id}`, byCookie)
    for (const newPassword of ['short', password]) await ask('PUT', '/v1/password', '/v1/password', { body: { password, newPassword }, ...byCookie })
    await ask('POST', '/v1/password/forgotten', '/v1/password/forgotten', { body: { email: 'nobody@canary.example' }, ...fromPage })
    await ask('POST', '/v1/password/reset', '/v1/password/reset', { body: { token: 'x.y', password }, ...fromPage })
    await ask('DELETE', '/v1/session', '/v1/session', byCookie)
    await ask('DELETE', '/v1/session', '/v1/session', byCookie)
    await ask('DELETE', '/v1/members/{id}', `/v1/members/${person.memberId}`)
    const goer = { open: true, headers: (await memberOf(installation, 'owner', 'viewer', 'goer')).headers }
    for (let time = 0; time < 2; time++) await ask('DELETE', '/v1/account', '/v1/account', goer)

    await ask('PUT', '/v1/templates/{slug}', '/v1/templates/pausable', { body: { ...template, suspendable: true, statement: 'has shown' } })
    await ask('PUT', '/v1/templates/{slug}', '/v1/templates/NO', { body: template })
    await ask('GET', '/v1/templates', '/v1/templates')
    await ask('GET', '/v1/templates', '/v1/templates?archived=perhaps')
    await ask('GET', '/v1/templates/{slug}', '/v1/templates/pausable')
    await ask('GET', '/v1/templates/{slug}', '/v1/templates/pausable?version=7')
    await ask('PUT', '/v1/templates/{slug}', '/v1/templates/drawn', { body: { ...template, design: ownPage(dataUrl(logo(40))) } })
    await ask('PUT', '/v1/templates/{slug}', '/v1/templates/drawn', { body: { ...template, design: {} } })
    await ask('PUT', '/v1/templates/{slug}', '/v1/templates/drawn', { body: template, headers: { 'if-match': '"9"' } })
    await ask('GET', '/v1/templates/{slug}', '/v1/templates/drawn')
    await ask('GET', '/v1/templates/{slug}/versions', '/v1/templates/drawn/versions')
    await ask('POST', '/v1/templates/{slug}/duplicate', '/v1/templates/drawn/duplicate', { body: { slug: 'redrawn' } })
    await ask('POST', '/v1/templates/{slug}/duplicate', '/v1/templates/drawn/duplicate', { body: { slug: 'redrawn' } })
    await ask('POST', '/v1/templates/{slug}/archive', '/v1/templates/redrawn/archive')
    await ask('POST', '/v1/templates/{slug}/unarchive', '/v1/templates/redrawn/unarchive')
    await ask('POST', '/v1/templates/{slug}/preview', '/v1/templates/drawn/preview', { body: {} })
    await ask('POST', '/v1/templates/{slug}/preview', '/v1/templates/drawn/preview', { body: {}, headers: { accept: 'image/png' } })
    await ask('POST', '/v1/templates/{slug}/preview', '/v1/templates/drawn/preview', { body: {}, headers: { accept: 'text/html' } })
    await ask('POST', '/v1/templates/preview', '/v1/templates/preview', { body: { content: { ...template, design: ownPage(dataUrl(logo(40))) }, sample: 'east-asian' } })
    const { json: image } = await ask('POST', '/v1/templates/images', '/v1/templates/images', { body: new Uint8Array(logo(41)), type: 'image/png' })
    await ask('POST', '/v1/templates/images', '/v1/templates/images', { body: 'no picture', type: 'image/png' })
    await ask('GET', '/v1/templates/images/{id}', `/v1/templates/images/${image.id}`)
    const { json: accepted } = await ask('POST', '/v1/credentials', '/v1/credentials', { body: issueRequest({ template: 'pausable', completedOn: '2026-06-30' }) })
    await ask('POST', '/v1/credentials', '/v1/credentials', { body: issueRequest({ template: 'pausable', completedOn: '2026-06-30' }) })
    await ask('POST', '/v1/credentials', '/v1/credentials', { body: issueRequest({ recipient: { name: '', email: 'x' } }) })
    await ask('POST', '/v1/batches', '/v1/batches?achievement=A', { body: 'name,email\nB,b@owner.example\n', type: 'text/csv' })
    await quiet(owner)
    const recipient = await recipientOf(installation, 'owner', 'b@owner.example')
    const asRecipient = { open: true, headers: recipient.headers }
    await ask('GET', '/v1/exports/mine', '/v1/exports/mine', asRecipient)
    await ask('GET', '/v1/exports/mine', '/v1/exports/mine', { open: true })
    await recipient.post('erasure')
    const { json: { requests: [refused] } } = await ask('GET', '/v1/erasure-requests', '/v1/erasure-requests?state=open&limit=1')
    await ask('GET', '/v1/erasure-requests', '/v1/erasure-requests?limit=0')
    await ask('POST', '/v1/erasure-requests/{id}/refuse', `/v1/erasure-requests/${refused.id}/refuse`, { body: { reason: '' } })
    await ask('POST', '/v1/erasure-requests/{id}/refuse', `/v1/erasure-requests/${refused.id}/refuse`, { body: { reason: 'It is kept by law.' } })
    await ask('POST', '/v1/erasure-requests/{id}/grant', `/v1/erasure-requests/${refused.id}/grant`)
    await recipient.post('erasure')
    const { json: { requests: [granted_] } } = await ask('GET', '/v1/erasure-requests', '/v1/erasure-requests?state=open')
    await ask('POST', '/v1/erasure-requests/{id}/grant', `/v1/erasure-requests/${granted_.id}/grant`)

    await ask('GET', '/v1/credentials', '/v1/credentials?q=zephyrine')
    await ask('GET', '/v1/credentials', '/v1/credentials?after=nonsense')
    const { json: credential } = await ask('GET', '/v1/credentials/{id}', `/v1/credentials/${accepted.id}`)
    const pdf = await ask('GET', '/v1/credentials/{id}/certificate.pdf', `/v1/credentials/${accepted.id}/certificate.pdf`)
    expect(pdf.headers.get('content-disposition')).toMatch(/^attachment; filename="certificate-[\w-]+\.pdf"$/)
    expect(pdf.headers.get('cache-control')).toBe('no-store')
    for (const command of ['suspend', 'reinstate', 'revoke', 'reinstate']) {
      await ask('POST', `/v1/credentials/{id}/${command}`, `/v1/credentials/${accepted.id}/${command}`, { body: {} })
    }
    await ask('GET', '/v1/batches', '/v1/batches')
    await ask('GET', '/v1/batches/{id}', `/v1/batches/${belongings.batchId}`)
    await ask('GET', '/v1/batches/{id}/errors', `/v1/batches/${belongings.batchId}/errors`)
    await ask('GET', '/v1/batches/{id}/errors.csv', `/v1/batches/${belongings.batchId}/errors.csv`)
    await ask('GET', '/v1/batches/{id}/certificates.zip', `/v1/batches/${belongings.batchId}/certificates.zip`)
    await ask('GET', '/v1/batches/{id}/events', `/v1/batches/${belongings.batchId}/events`)
    const rows = Array.from({ length: 2_000 }, (_, at) => `Row ${at},row${at}@owner.example\n`).join('')
    const { json: large } = await ask('POST', '/v1/batches', '/v1/batches?achievement=A&notify=false', { body: `name,email\n${rows}`, type: 'text/csv' })
    for (const order of ['pause', 'resume', 'cancel', 'resume']) {
      await ask('POST', `/v1/batches/{id}/${order}`, `/v1/batches/${large.id}/${order}`)
    }
    await ask('GET', '/v1/messages', '/v1/messages?state=sent')

    const open = async (path: string, address: string, headers: Record<string, string> = {}) => ask('GET', path, address, { open: true, headers })
    const view = new URL(credential.publicUrl).pathname
    const signed = await open('/v/{publicId}/credential.json', `${view}/credential.json`)
    await open('/v/{publicId}', view)
    await open('/v/{publicId}', view, { accept: 'application/vc+ld+json' })
    await open('/v/{publicId}', view, { accept: 'text/html' })
    await open('/v/{publicId}', '/v/unknown')
    await open('/v/{publicId}/certificate.pdf', `${view}/certificate.pdf`)
    for (const picture of ['preview.png', 'badge.png', 'badge.svg']) await open(`/v/{publicId}/${picture}`, `${view}/${picture}`)
    await open('/issuers/{slug}', '/issuers/owner')
    await open('/issuers/{slug}', '/issuers/owner', { accept: 'text/html' })
    await open('/issuers/{slug}', '/issuers/nobody')
    await open('/credentials/{documentId}', new URL(credential.documentUrl).pathname)
    await open('/credentials/{documentId}', '/credentials/unknown')
    await open('/status/{id}', new URL(signed.json.credentialStatus[0]?.statusListCredential ?? signed.json.credentialStatus.statusListCredential).pathname)
    await open('/status/{id}', '/status/unknown')
    await open('/organizations/{slug}/did.json', '/organizations/owner/did.json')
    for (const slug of ['nobody', 'UPPER', 'a%20b']) {
      expect((await open('/organizations/{slug}/did.json', `/organizations/${slug}/did.json`)).status).toBe(404)
    }
    await open('/log/checkpoint', '/log/checkpoint')
    await open('/log/key', '/log/key')
    await open('/log/proof/inclusion', '/log/proof/inclusion?index=0')
    await open('/log/proof/consistency', '/log/proof/consistency?from=1')
    await open('/log/proof/consistency', '/log/proof/consistency?from=999')
    const { json: state } = await open('/log/proof/inclusion', '/log/proof/inclusion?index=0')
    await open('/log/tile/{tile}', `/log/tile/0/000.p/${state.size}`)
    await ask('POST', '/v1/verify', '/v1/verify', { body: { credential: signed.json }, open: true })
    await ask('POST', '/v1/verify', '/v1/verify', { body: { credential: 1 }, open: true })
    await ask('GET', '/v1/exports/recipients/{id}', `/v1/exports/recipients/${belongings.recipientId}`)
    await ask('GET', '/v1/exports/organization', '/v1/exports/organization')
    await ask('DELETE', '/v1/recipients/{id}', `/v1/recipients/${belongings.recipientId}`)
    const { json: trail } = await ask('GET', '/v1/audit', '/v1/audit?limit=1')
    await ask('GET', '/v1/audit', `/v1/audit?limit=1&after=${trail.next}`)
    await ask('GET', '/v1/audit', '/v1/audit?after=nothing')
    await ask('GET', '/v1/audit.csv', '/v1/audit.csv?action=credential')
    await ask('GET', '/v1/recipients/{id}/erasure', `/v1/recipients/${belongings.recipientId}/erasure`)

    expect(faults).toEqual([])
    const operations = operationsOf(document).map(({ method, path }) => `${method} ${path}`)
    expect(operations.filter((name) => !seen.has(name))).toEqual(['POST /v1/setup', 'POST /v1/invitations/accept', 'POST /v1/password/reset'])
  }, 60_000)

  it('wrote no name, address, secret or token into the log', () => {
    const output = world.installation.output()
    expect(output).toContain('"debug"')
    expect(output).not.toMatch(/zephyrine|quillfeather|@canary|@owner\.example|vls_|eyJ[\w-]+\.eyJ/i)
  })
})
