import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Running } from '#platform/boot.ts'
import { createServiceTokens } from '#platform/call/service-token.ts'
import { type FrontAndModule, prepareFrontAndModule } from '../fixtures/front-and-module.ts'
import { freePort } from '../servers/free-port.ts'

/** What the front door itself puts together. */
const itsOwn = ['/v1/exports/organization', '/v1/exports/recipients/{id}']

describe('a front door as a process of its own', () => {
  let site: FrontAndModule
  let front: Running
  let modules: Running
  let port: number

  const at = async (running: Running, path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${(running.publicListener ?? running.internalListener)!.url.replace('0.0.0.0', '127.0.0.1')}${path}`, { headers })
    const text = await response.text()
    return { status: response.status, headers: response.headers, json: text.startsWith('{') ? JSON.parse(text) : undefined }
  }
  const bearer = async (...scopes: string[]) => ({ authorization: `Bearer ${await site.token(...scopes)}` })

  beforeAll(async () => {
    site = await prepareFrontAndModule()
    port = await freePort()
    front = await site.startFront(`http://127.0.0.1:${port}`)
  }, 60_000)
  afterAll(() => site.stop())

  it('starts before the modules, lives, and is not ready until it has met them', async () => {
    expect((await at(front, '/livez')).status).toBe(200)
    expect(await at(front, '/readyz')).toMatchObject({ status: 503, json: { checks: { 'other processes': 'wait for module identity, module library' } } })
    modules = await site.startModules({ INTERNAL_PORT: String(port) })
    expect((await at(front, '/readyz')).status).toBe(200)
    expect(await at(front, '/health')).toMatchObject({ status: 200, json: { status: 'ok', modules: [], checks: { 'module identity': 'ok', 'module library': 'ok' } } })
  }, 60_000)

  it('hands on what a module answers, under its own number and in its own trace', async () => {
    const traceId = 'c0ffee00c0ffee00c0ffee00c0ffee00'
    const chosen = '00000000-0000-4000-8000-000000000000'
    const page = await at(front, '/v/1', { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, 'x-request-id': chosen })
    expect(page.status).toBe(200)
    expect(page.json.told).toBe(`${page.headers.get('x-request-id')} ${page.headers.get('traceparent')}`)
    expect(page.json.told).toContain(traceId)
    expect(page.json.told).not.toContain(chosen)
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
  })

  it('checks tokens; the module checks them too, and decides what they permit', async () => {
    expect(await at(front, '/v1/books', await bearer('books:read'))).toMatchObject({ status: 200, json: { told: 'test' } })
    expect((await at(front, '/v1/books', await bearer())).status).toBe(403)
    expect((await at(front, '/v1/books')).status).toBe(401)
    const token = await site.token('books:read')
    const forged = { authorization: `Bearer ${token.slice(0, -4)}AAAA` }
    expect((await at(front, '/v1/books', forged)).json).toMatchObject({ type: 'urn:vellum:problem:token-refused' })
    expect((await at(modules, '/v1/books', forged)).json).toMatchObject({ type: 'urn:vellum:problem:token-refused' })
  })

  it('leads to nothing internal, not even who has a service token', async () => {
    const tokens = createServiceTokens(front.serviceSecret)
    const headers = { authorization: `Bearer ${await tokens.mint('cli', 'library')}` }
    expect((await at(modules, '/internal/library/openapi', headers)).status).toBe(200)
    expect((await at(front, '/internal/library/openapi', headers)).status).toBe(404)
    expect((await at(front, '/internal/library/steps', headers)).status).toBe(404)
  })

  it('describes the whole API, and tells at the module what is not there', async () => {
    expect(Object.keys((await at(front, '/openapi.json')).json.paths).toSorted()).toEqual(['/v/{id}', '/v1/audit', '/v1/audit.csv', '/v1/books', ...itsOwn, '/v1/usage'])
    expect((await at(front, '/v1/books/1', await bearer('books:read'))).status).toBe(404)
    expect((await at(front, '/nothing')).status).toBe(404)
  })

  it('answers probes on its internal listener, and keeps nothing on disk', async () => {
    for (const path of ['/livez', '/readyz', '/health'])
      expect((await fetch(front.internalListener!.url + path)).status).toBe(200)
    expect(existsSync(site.frontFolder)).toBe(false)
  })

  it('is told of nothing where a module is not, and asks elsewhere', async () => {
    const there = { headers: { 'vellum-forwarded': '1' } }
    const answer = await fetch(`${front.internalListener!.url}/v/1`, there)
    expect([answer.status, answer.headers.get('vellum-not-ready')]).toEqual([503, '1'])
    // The front door hosts no module: of two addresses only the second is of use, for calls and for what strangers ask.
    const both = await site.startFront(`${front.internalListener!.url},http://127.0.0.1:${port}`)
    for (let time = 0; time < 4; time++) {
      expect((await at(both, '/v/1')).status).toBe(200)
      expect((await both.transportTo('identity')({ method: 'POST', path: '/internal/identity/revocations', effect: 'read', body: '{}', headers: {
        authorization: `Bearer ${await createServiceTokens(front.serviceSecret).mint('cli', 'identity')}`,
      } })).status).toBe(200)
    }
  }, 60_000)

  it('stays open when a module goes, says so in its health, and refuses with the time to come again', async () => {
    await modules.stop()
    expect((await at(front, '/readyz')).status).toBe(200)
    expect(await at(front, '/health')).toMatchObject({ status: 200, json: { status: 'degraded', checks: { 'module library': 'is away' } } })
    expect(Object.keys((await at(front, '/openapi.json')).json.paths).toSorted()).toEqual(['/v/{id}', '/v1/audit', '/v1/audit.csv', '/v1/books', ...itsOwn, '/v1/usage'])
    const refused = await at(front, '/v/1')
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    const waits = at(front, '/v/1')
    await site.startModules({ INTERNAL_PORT: String(port) })
    expect((await waits).status).toBe(200)
  }, 60_000)

  it('refuses to start without the address of a module', async () => {
    await expect(site.startFront(`http://127.0.0.1:${port}`, { LIBRARY_URL: '' })).rejects.toThrow(
      'gateway calls library, which runs nowhere: add it to MODULES or set LIBRARY_URL.',
    )
  })
})
