import { request as rawRequest } from 'node:http'
import { createRoute, z } from '@hono/zod-openapi'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KeyErased } from '../crypto/key-ring-types.ts'
import { Problem } from '../problem.ts'
import { createLog } from '../telemetry/log.ts'
import { createPublicApp, mountPublicRoutes } from './app.ts'
import { acceptUpload } from './limits.ts'
import { type Listener, listen } from './listener.ts'
import { forEveryone, scoped } from './scoped.ts'
import { pageNonce } from './security-headers.ts'

const lines: string[] = []
const to = new Writable({ write: (chunk, _, done) => (lines.push(String(chunk)), done()) })
const app = createPublicApp({ log: createLog({ to, level: 'debug' }) })

const jsonBody = (schema: z.ZodType) => ({ required: true, content: { 'application/json': { schema } } })
const answers = { 200: { description: 'ok' } }

mountPublicRoutes(app, (module) => {
  const Body = z.strictObject({ name: z.string().min(2), tags: z.array(z.strictObject({ id: z.int() })).optional() })
  module.openapi(
    createRoute({ ...forEveryone, method: 'post', path: '/v1/things', request: { body: jsonBody(Body) }, responses: answers }),
    (c) => c.json(c.req.valid('json'), 200),
  )
  module.openapi(
    createRoute({
      ...forEveryone, method: 'post', path: '/v1/optional',
      request: { body: jsonBody(z.strictObject({ reason: z.string().optional() })) }, responses: answers,
    }),
    (c) => c.json(c.req.valid('json'), 200),
  )
  module.openapi(
    createRoute({
      ...forEveryone, method: 'get', path: '/v1/search',
      request: { query: z.object({ q: z.string().optional() }) }, responses: answers,
    }),
    (c) => c.json(c.req.valid('query'), 200),
  )
  module.get('/kept', (c) => c.text('', 200, { 'cache-control': 'public, max-age=60' }))
  module.openapi(
    createRoute({ ...forEveryone, method: 'post', path: '/files', middleware: [acceptUpload(3_000_000)], responses: answers }),
    async (c) => c.json({ bytes: (await c.req.arrayBuffer()).byteLength }, 200),
  )
  module.post('/raw', async (c) => c.json({ bytes: (await c.req.arrayBuffer()).byteLength }))
  module.get('/crash', () => {
    throw new Error('secret of ann@example.org')
  })
  module.get('/erased', () => {
    throw new KeyErased('r-1')
  })
  module.get('/busy', () => {
    throw new Problem('rate-limited', 'Slow down.', { retryAfterSeconds: 3.2 })
  })
  module.get('/away', () => {
    throw new Problem('unavailable', 'A part is away; try again later.')
  })
  module.get('/away-for-long', () => {
    throw new Problem('unavailable', 'A part is away; try again later.', { retryAfterSeconds: 60 })
  })
  module.get('/v/abc', (c) => c.json({ public: true }))
  module.get('/page', (c) => c.html('<p>hello'))
  module.get('/page-with-style', (c) => c.html(`<style nonce="${pageNonce(c)}">p{}</style>`))
})

let listener: Listener
beforeAll(async () => {
  listener = await listen({ fetch: app.fetch, at: { port: 0, host: '127.0.0.1' } })
})
afterAll(() => listener.close(0))

type Ask = (path: string, init?: RequestInit) => Promise<Response>
const ways: [string, Ask][] = [
  ['in process', async (path, init) => app.request(path, init)],
  ['over HTTP', (path, init) => fetch(listener.url + path, init)],
]

const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})

describe.each(ways)('the public app %s', (_, ask) => {
  const problem = async (answer: Promise<Response>) => {
    const response = await answer
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    const { status, headers } = response
    return { status, headers, ...((await response.json()) as Record<string, unknown>) }
  }

  it('answers with security headers, a request id and a trace', async () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
    const response =
      await ask('/v1/things', {
        ...json({ name: 'Ann' }),
        headers: { 'content-type': 'application/json', traceparent },
      })
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'strict-origin-when-cross-origin',
      'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      traceparent: expect.stringContaining('a'.repeat(32)),
    })
    expect(response.headers.has('strict-transport-security')).toBe(false)
  })

  it('names every field that is wrong, and unknown ones at any depth, but no value', async () => {
    const refused = await problem(ask('/v1/things', json({ name: 'x', other: 'Ann', tags: [{ id: 1, extra: 2 }] })))
    expect(refused).toMatchObject({ status: 422, type: 'urn:vellum:problem:validation-failed' })
    expect((refused as unknown as { errors: { path: string }[] }).errors.map(({ path }) => path).sort()).toEqual(
      ['name', 'other', 'tags.0.extra'],
    )
    expect(JSON.stringify(refused)).not.toContain('Ann')
  })

  it('refuses query parameters that the API does not know, and takes no notice of them elsewhere', async () => {
    const refused = await problem(ask('/v1/things?notfy=false', json({ name: 'Ann' })))
    expect(refused).toMatchObject({ status: 422, errors: [{ path: 'notfy' }], detail: expect.stringContaining('none') })
    expect((await ask('/v1/search?q=x')).status).toBe(200)
    expect(await problem(ask('/v1/search?q=x&Q=y'))).toMatchObject({ detail: expect.stringContaining('It takes: q.') })
    expect((await ask('/v/abc?utm_source=mail')).status).toBe(200)
  })

  it('refuses control characters in the address', async () => {
    for (const path of ['/v/a%00b', '/v/a%0Ab', '/v1/search?q=%1f', '/v1/search?q=%7F', '/nothing/%00']) {
      expect(await problem(ask(path))).toMatchObject({ status: 400 })
    }
    expect((await ask('/v1/search?q=%2500')).status).toBe(200)
  })

  it('refuses text that no database can hold, and keeps what only looks like it', async () => {
    for (const name of ['a\\u0000b', 'a\\ud800b', 'a\\uDC00\\ud83d']) {
      expect(await problem(ask('/v1/things', json(`{"name":"${name}"}`)))).toMatchObject({ status: 400 })
    }
    expect(await problem(ask('/v1/things', json('{"name":"Ann","\\u0000":1}')))).toMatchObject({ status: 400 })
    for (const name of ['a\\\\u0000b', 'a\\ud83d\\ude00', 'a\\\\\\u00e9']) {
      expect((await ask('/v1/things', json(`{"name":"${name}"}`))).status).toBe(200)
    }
  })

  it('refuses a body that is compressed, or in another encoding than UTF-8', async () => {
    const sent = (headers: Record<string, string>) => ask('/raw', { method: 'POST', body: 'x', headers })
    expect(await problem(sent({ 'content-encoding': 'gzip' }))).toMatchObject({ status: 415 })
    expect(await problem(sent({ 'content-type': 'text/csv; header=present; charset="ISO-8859-1"' }))).toMatchObject({
      status: 415, detail: expect.stringContaining('UTF-8'),
    })
    expect((await sent({ 'content-encoding': 'identity', 'content-type': 'text/csv;charset=UTF-8' })).status).toBe(200)
  })

  it('does not take a body without a type for an empty object', async () => {
    expect((await ask('/v1/optional', json('{}'))).status).toBe(200)
    expect(await problem(ask('/v1/optional', { method: 'POST' }))).toMatchObject({ status: 415 })
    const text = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' }
    expect(await problem(ask('/v1/optional', text))).toMatchObject({ status: 415 })
  })

  it('says when to come again to who asked for what is away', async () => {
    const waits = async (path: string) => {
      const { status, headers } = await ask(path)
      return [status, headers.get('retry-after')]
    }
    expect(await waits('/away')).toEqual([503, '2'])
    expect(await waits('/away-for-long')).toEqual([503, '60'])
  })

  it('lets nobody keep what does not say that it may be kept', async () => {
    expect((await ask('/v1/things', json({ name: 'Ann' }))).headers.get('cache-control')).toBe('no-store')
    expect((await ask('/kept')).headers.get('cache-control')).toBe('public, max-age=60')
  })

  it('refuses a body that is no JSON, or not said to be', async () => {
    expect(await problem(ask('/v1/things', json('{"name":')))).toMatchObject({ status: 400 })
    const text = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{"name":"Ann"}' }
    expect(await problem(ask('/v1/things', text))).toMatchObject({ status: 415 })
  })

  it('refuses JSON nested deeper than 32, or longer than a megabyte', async () => {
    const deep = (levels: number) => `{"name":"Ann","tags":${'['.repeat(levels)}${']'.repeat(levels)}}`
    expect(await problem(ask('/v1/things', json(deep(32))))).toMatchObject({
      status: 400, detail: expect.stringContaining('32'),
    })
    expect(await problem(ask('/v1/things', json(deep(31))))).toMatchObject({ status: 422 })
    expect((await ask('/v1/things', json({ name: '['.repeat(100) }))).status).toBe(200)
    expect(await problem(ask('/v1/things', json({ name: 'x'.repeat(1_048_576) })))).toMatchObject({ status: 413 })
  })

  it('holds a body without a length to the limit of its route', async () => {
    const stream = (bytes: number) =>
      ({
        method: 'POST',
        duplex: 'half',
        body: new ReadableStream({
          start(controller) {
            for (let sent = 0; sent < bytes; sent += 100_000) controller.enqueue(new Uint8Array(100_000))
            controller.close()
          },
        }),
      }) as RequestInit
    expect(await (await ask('/files', stream(2_900_000))).json()).toEqual({ bytes: 2_900_000 })
    expect(await problem(ask('/files', stream(3_100_000)))).toMatchObject({ status: 413 })
    expect(await problem(ask('/raw', stream(1_200_000)))).toMatchObject({ status: 413 })
    expect(await (await ask('/raw', stream(900_000))).json()).toEqual({ bytes: 900_000 })
  })

  it('tells nothing of an unexpected error but that it happened, and logs it without addresses', async () => {
    const refused = await problem(ask('/crash'))
    expect(refused).toMatchObject({ status: 500, type: 'urn:vellum:problem:internal' })
    expect(refused.headers.get('x-request-id')).toBeTruthy()
    expect(JSON.stringify(refused)).not.toContain('secret of')
    expect(lines.join('')).toContain('secret of [address]')
    expect(lines.join('')).not.toContain('ann@example.org')
  })

  it('turns erased keys and retry times into their problems', async () => {
    expect(await problem(ask('/erased'))).toMatchObject({ status: 410 })
    expect((await problem(ask('/busy'))).headers.get('retry-after')).toBe('4')
  })

  it('tells an unknown address from a wrong method', async () => {
    expect(await problem(ask('/v1/nothing'))).toMatchObject({ status: 404 })
    const refused = await problem(ask('/v1/things', { method: 'DELETE' }))
    expect(refused.status).toBe(405)
    expect(refused.headers.get('allow')).toBe('POST')
  })

  it('answers HEAD as GET without a body', async () => {
    const response = await ask('/v/abc', { method: 'HEAD' })
    expect([response.status, await response.text()]).toEqual([200, ''])
  })

  it('lets every origin read what is public, and nothing else', async () => {
    expect((await ask('/v/abc')).headers.get('access-control-allow-origin')).toBe('*')
    expect((await ask('/busy')).headers.has('access-control-allow-origin')).toBe(false)
    const preflight = { method: 'OPTIONS', headers: { 'access-control-request-method': 'GET' } }
    expect((await ask('/v/abc', preflight)).status).toBe(204)
    expect((await ask('/v1/things', preflight)).headers.has('access-control-allow-origin')).toBe(false)
  })

  it('forbids pages inline scripts, unless they carry the nonce', async () => {
    const policy = (await ask('/page')).headers.get('content-security-policy')
    expect(policy).toContain("script-src 'self';")
    expect(policy).not.toContain('unsafe-inline')
    const page = await ask('/page-with-style')
    const nonce = /nonce="([^"]+)"/.exec(await page.text())?.[1]
    expect(page.headers.get('content-security-policy')).toContain(`'nonce-${nonce}'`)
  })
})

describe('behind TLS', () => {
  it('tells browsers to insist on https', async () => {
    const secure = createPublicApp({ tls: true })
    expect((await secure.request('/x')).headers.get('strict-transport-security')).toContain('max-age=31536000')
  })
})

describe('mounting', () => {
  const mount = (schema: z.ZodType, required = true) =>
    mountPublicRoutes(createPublicApp(), (module) => {
      const body = { ...jsonBody(schema), required }
      const route = createRoute({ ...forEveryone, method: 'post', path: '/x', request: { body }, responses: answers })
      module.openapi(route, (c) => c.body(null, 200))
    })

  it('refuses a JSON body that would let unknown fields through, or may be left out', () => {
    expect(() => mount(z.object({ id: z.string() }))).toThrow('POST /x: the body must be a z.strictObject')
    expect(() => mount(z.strictObject({ in: z.array(z.object({ id: z.string() })) }))).toThrow(
      'in must be a z.strictObject',
    )
    expect(() => mount(z.strictObject({}), false)).toThrow('required: true')
    expect(() => mount(z.strictObject({ map: z.record(z.string(), z.string()) }))).not.toThrow()
  })
})

describe('who may use a route', () => {
  const mount = (routes: (module: ReturnType<typeof createPublicApp>) => void) => () =>
    mountPublicRoutes(createPublicApp(), routes)
  const route = { method: 'get', path: '/v1/x', responses: answers } as const

  it('is said by every route', () => {
    expect(mount((module) => module.openapi(createRoute(route), (c) => c.body(null, 200)))).toThrow('GET /v1/x: say who')
    expect(mount((module) => module.openapi(createRoute({ ...forEveryone, ...route }), (c) => c.body(null, 200)))).not.toThrow()
    expect(mount((module) => module.openapi(createRoute({ ...scoped('a:b'), ...route }), (c) => c.body(null, 200)))).not.toThrow()
  })

  it('is what the route really requires', () => {
    const told = { ...scoped('a:read'), ...route, middleware: scoped('a:write').middleware }
    expect(mount((module) => module.openapi(createRoute(told), (c) => c.body(null, 200)))).toThrow('[a:read]')
    const silent = { ...route, middleware: scoped('a:write').middleware }
    expect(mount((module) => module.openapi(createRoute(silent), (c) => c.body(null, 200)))).toThrow('say who')
    const lost = { ...route, security: scoped('a:write').security }
    expect(mount((module) => module.openapi(createRoute(lost), (c) => c.body(null, 200)))).toThrow('requires []')
    const open = { ...scoped('a:b'), ...route, ...forEveryone }
    expect(mount((module) => module.openapi(createRoute(open), (c) => c.body(null, 200)))).toThrow('requires [a:b]')
  })

  it('cannot be forgotten by going round the document', () => {
    expect(mount((module) => module.get('/v1/x', (c) => c.body(null, 200)))).toThrow('GET /v1/x: make it with createRoute')
  })
})

describe('a header section that is far too long', () => {
  it('is refused by the listener', async () => {
    const status = await new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${'x'.repeat(100_000)}` }
      const request = rawRequest(`${listener.url}/v/abc`, { headers }, (response) => resolve(response.statusCode))
      request.on('error', reject).end()
    })
    expect(status).toBe(431)
  })
})
