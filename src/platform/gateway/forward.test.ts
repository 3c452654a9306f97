import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { createAddresses } from '../call/addresses.ts'
import { createInternalAgent } from '../call/internal-agent.ts'
import { createPublicApp } from '../http/app.ts'
import { type Listener, listen } from '../http/listener.ts'
import { mountForwards } from './forward.ts'

const local = { port: 0, host: '127.0.0.1' }
const agent = createInternalAgent()
const opened: Listener[] = []
afterEach(async () => void (await Promise.all(opened.splice(0).map((listener) => listener.close(0)))))
afterAll(() => agent.destroy())

const open = async (app: { fetch: (request: Request) => Response | Promise<Response> }, port = 0): Promise<Listener> => {
  const listener = await listen({ fetch: app.fetch, at: { ...local, port } })
  opened.push(listener)
  return listener
}

/** A front door before one module at these addresses. */
async function front(addresses: readonly string[], { holdMs = 3_000, stopping = new AbortController().signal } = {}): Promise<Listener> {
  const shared = createAddresses(addresses)
  const app = createPublicApp({
    mountForwards: (to) => mountForwards(to, { paths: { library: ['/v1/books', '/v'] }, addressesOf: () => shared, dispatcher: agent, stopping, holdMs }),
  })
  return open({ fetch: app.fetch as never })
}

/** Sends what fetch would tidy up first. Answers the whole answer as text. */
async function raw(port: number, ...lines: string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write([...lines, 'host: x', 'connection: close', '', ''].join('\r\n'))
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}

const closedPort = async (): Promise<number> => {
  const listener = await listen({ fetch: () => new Response(''), at: local })
  await listener.close(0)
  return listener.port
}

describe('a request that is forwarded', () => {
  it('arrives as it was sent, and its answer comes back as it was given', async () => {
    const module = new Hono()
    module.patch('/v1/books/:id', async (c) =>
      c.json({ id: c.req.param('id'), query: c.req.query('q'), body: await c.req.json(), type: c.req.header('content-type') }, 418, { etag: '"1"' }),
    )
    const door = await front([(await open(module)).url])
    const answer = await fetch(`${door.url}/v1/books/a%20b?q=%C3%A9`, {
      method: 'PATCH', headers: { 'content-type': 'application/json' }, body: '{"title":"é"}',
    })
    expect([answer.status, answer.headers.get('etag')]).toEqual([418, '"1"'])
    expect(await answer.json()).toEqual({ id: 'a b', query: 'é', body: { title: 'é' }, type: 'application/json' })
  })

  it('has no body in the answer to HEAD, and keeps its length', async () => {
    const module = new Hono()
    module.get('/v/1', (c) => c.text('twelve bytes', 200, { 'content-length': '12' }))
    const door = await front([(await open(module)).url])
    const answer = await fetch(`${door.url}/v/1`, { method: 'HEAD' })
    expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([200, '12', ''])
  })

  it('loses what is for one connection alone, and what only our own processes may say', async () => {
    let seen: Headers | undefined
    const module = new Hono()
    module.get('/v/1', (c) => {
      seen = c.req.raw.headers
      return c.text('', 200, { 'vellum-not-for-you': '1', 'keep-alive': 'timeout=99', kept: 'yes' })
    })
    const door = await front([(await open(module)).url])
    const answer = await raw(
      door.port, 'GET /v/1 HTTP/1.1', 'x-forwarded-for: 10.0.0.1', 'x-forwarded-host: evil', 'forwarded: for=10.0.0.1', 'x-real-ip: 10.0.0.1',
      'vellum-actor: cli', 'vellum-organization: other', 'vellum-forwarded: 1', 'x-request-id: chosen', 'te: trailers', 'proxy-authorization: Basic x',
      'upgrade: h2c', 'connection: x-mine, keep-alive', 'x-mine: 1', 'accept-language: fr',
    )
    expect(answer).toMatch(/^HTTP\/1.1 200/)
    expect(answer).toMatch(/kept: yes/i)
    expect(answer).not.toMatch(/vellum-not|timeout=99/i)
    const names = [...seen!.keys()]
    expect(names.filter((name) => !['host', 'connection'].includes(name)).toSorted()).toEqual([
      'accept-language', 'traceparent', 'vellum-forwarded', 'x-request-id',
    ])
    expect(seen!.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(answer).toContain(seen!.get('x-request-id'))
  })

  it('belongs to the door\'s own span', async () => {
    let seen = ''
    const module = new Hono()
    module.get('/v/1', (c) => {
      seen = c.req.header('traceparent') ?? ''
      return c.text('')
    })
    const door = await front([(await open(module)).url])
    const traceId = 'c0ffee00c0ffee00c0ffee00c0ffee00'
    await fetch(`${door.url}/v/1`, { headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` } })
    expect(seen).toContain(traceId)
  })

  it('goes no further where it came in by a door already: two that name each other do not send it round', async () => {
    const addresses = createAddresses(['http://127.0.0.1:1'])
    const app = createPublicApp({
      mountForwards: (to) => mountForwards(to, { paths: { library: ['/v'] }, addressesOf: () => addresses, dispatcher: agent, stopping: new AbortController().signal, holdMs: 0 }),
    })
    app.get('/v/1', (c) => c.text('here'))
    const ask = async (inside: boolean) => app.fetch(new Request('http://x/v/1', { headers: { 'vellum-forwarded': '1' } }), inside ? { internal: true } : {})
    expect(await (await ask(true)).text()).toBe('here')
    expect((await ask(false)).status).toBe(503)
  })

  it('never leads to what is internal, however its path is written', async () => {
    const inside = vi.fn<() => Response>(() => new Response('secret'))
    const module = new Hono()
    module.all('/internal/*', inside)
    const door = await front([(await open(module)).url])
    const paths = [
      '/internal/library/book', '//internal/library/book', '/v/../internal/library/book', '/v/%2e%2e/internal/library/book', '/v/..%2finternal/library/book',
      '/v\\..\\internal/library/book', '/v/./../internal/library/book', '/%69nternal/library/book', '/v/%252e%252e/internal/library/book',
      'http://127.0.0.1/internal/library/book', '/v/1/../../internal/library/book', '/v;/../internal/library/book', '/V/../internal/library/book', '/v/..;/internal/x',
    ]
    for (const path of paths) expect([path, await raw(door.port, `GET ${path} HTTP/1.1`)]).toEqual([path, expect.stringMatching(/^HTTP\/1.1 40[04]/)])
    expect(inside).not.toHaveBeenCalled()
  })
})

describe('a long body', () => {
  const size = 50 * 1024 * 1024

  it('streams, and is taken only as fast as the module reads it', async () => {
    const reading = Promise.withResolvers<void>()
    const received = Promise.withResolvers<string>()
    const module = {
      async fetch(request: Request) {
        await reading.promise
        const hash = createHash('sha256')
        for await (const chunk of request.body!) hash.update(chunk)
        received.resolve(hash.digest('hex'))
        return new Response('read')
      },
    }
    const door = await front([(await open(module)).url])
    const content = randomBytes(size)
    const upload = httpRequest(`${door.url}/v1/books`, { method: 'POST', headers: { 'content-length': size, 'content-type': 'text/csv' } })
    const answered = once(upload, 'response') as Promise<[IncomingMessage]>
    upload.end(content)
    let written = -1
    for (let now = 0; now !== written; await sleep(200)) [written, now] = [now, upload.socket?.bytesWritten ?? 0]
    expect(written).toBeLessThan(size / 2)
    reading.resolve()
    expect(await received.promise).toBe(createHash('sha256').update(content).digest('hex'))
    expect((await answered)[0].statusCode).toBe(200)
  }, 30_000)

  it('is given up upstream when its client goes away', async () => {
    const ended = Promise.withResolvers<string>()
    const module = {
      async fetch(request: Request) {
        try {
          for await (const _ of request.body!) continue
          ended.resolve('whole')
        } catch {
          ended.resolve('cut')
        }
        return new Response('')
      },
    }
    const door = await front([(await open(module)).url])
    const upload = httpRequest(`${door.url}/v1/books`, { method: 'POST', headers: { 'content-length': size } })
    upload.on('error', () => {})
    upload.write(randomBytes(1024 * 1024))
    await sleep(200)
    upload.destroy()
    expect(await ended.promise).toBe('cut')
  })

  it('is answered before its end where the module does so', async () => {
    const module = { fetch: () => new Response('too much', { status: 413 }) }
    const door = await front([(await open(module)).url])
    const upload = httpRequest(`${door.url}/v1/books`, { method: 'POST', headers: { 'content-length': size } })
    upload.on('error', () => {})
    upload.write(randomBytes(1024 * 1024))
    const [answer] = (await once(upload, 'response')) as [IncomingMessage]
    expect(answer.statusCode).toBe(413)
    upload.destroy()
  })

  it('of which the module wants nothing more is read to its end, so that the connection serves again', async () => {
    const module = { fetch: () => new Response('too much', { status: 413 }) }
    const door = await front([(await open(module)).url])
    const bytes = 20 * 1024 * 1024
    const upload = httpRequest(`${door.url}/v1/books`, { method: 'POST', headers: { 'content-length': bytes } })
    const answered = once(upload, 'response') as Promise<[IncomingMessage]>
    upload.end(randomBytes(bytes))
    const [[answer]] = await Promise.all([answered, once(upload, 'finish')])
    expect(answer.statusCode).toBe(413)
    upload.destroy()
  })
})

describe('a long answer', () => {
  it('passes event by event, and ends upstream when nobody listens any more', async () => {
    const left = Promise.withResolvers<string>()
    let send: (text: string) => void = () => {}
    const module = {
      fetch: () =>
        new Response(
          new ReadableStream({
            start(controller) {
              send = (text) => controller.enqueue(new TextEncoder().encode(text))
              send('data: 1\n\n')
            },
            cancel: () => left.resolve('left'),
          }),
          { headers: { 'content-type': 'text/event-stream' } },
        ),
    }
    const door = await front([(await open(module)).url])
    const leaving = new AbortController()
    const answer = await fetch(`${door.url}/v/1`, { signal: leaving.signal })
    const reader = answer.body!.getReader()
    const next = async () => new TextDecoder().decode((await reader.read()).value)
    expect(await next()).toBe('data: 1\n\n')
    send('data: 2\n\n')
    expect(await next()).toBe('data: 2\n\n')
    leaving.abort()
    expect(await left.promise).toBe('left')
  })

  it('of events ends when the door begins to stop, and any other goes on to its end', async () => {
    const stopping = new AbortController()
    const module = {
      fetch: ({ url }: Request) =>
        new Response(
          new ReadableStream({
            async start(controller) {
              controller.enqueue(new TextEncoder().encode('begun'))
              if (url.endsWith('events')) return
              await sleep(300)
              controller.enqueue(new TextEncoder().encode(' and ended'))
              controller.close()
            },
          }),
          { headers: { 'content-type': url.endsWith('events') ? 'text/event-stream' : 'application/zip' } },
        ),
    }
    const door = await front([(await open(module)).url], { stopping: stopping.signal })
    const [events, archive] = [await fetch(`${door.url}/v/events`), await fetch(`${door.url}/v/archive`)]
    stopping.abort()
    expect([await events.text(), await archive.text()]).toEqual(['begun', 'begun and ended'])
  })

  it('is made only as fast as its client takes it', async () => {
    let made = 0
    const module = {
      fetch: () =>
        new Response(
          new ReadableStream({
            async pull(controller) {
              await sleep(0)
              made += 65_536
              controller.enqueue(new Uint8Array(65_536))
            },
          }),
        ),
    }
    const door = await front([(await open(module)).url])
    const asked = httpRequest(`${door.url}/v/1`).end()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    answer.pause()
    let before = -1
    for (; before !== made; await sleep(300)) before = made
    expect(made).toBeLessThan(50 * 1024 * 1024)
    asked.destroy()
  }, 20_000)

  it('that is cut upstream is cut here, and not ended as if it were whole', async () => {
    const module = {
      fetch: () =>
        new Response(
          new ReadableStream({
            async pull(controller) {
              controller.enqueue(new Uint8Array(1_000))
              await sleep(50)
              controller.error(new Error('broke'))
            },
          }),
        ),
    }
    vi.spyOn(console, 'error').mockReturnValue()
    const door = await front([(await open(module)).url])
    const answer = await fetch(`${door.url}/v/1`)
    await expect(answer.arrayBuffer()).rejects.toThrow()
    vi.restoreAllMocks()
  })
})

describe('a client that goes away while the module works', () => {
  it('is known there at once', async () => {
    const working = Promise.withResolvers<void>()
    const known = Promise.withResolvers<string>()
    const module = {
      async fetch({ signal }: Request) {
        signal.addEventListener('abort', () => known.resolve('known'))
        working.resolve()
        await known.promise
        return new Response('')
      },
    }
    const door = await front([(await open(module)).url])
    const leaving = new AbortController()
    const asked = fetch(`${door.url}/v/1`, { signal: leaving.signal }).catch(() => {})
    await working.promise
    leaving.abort()
    expect(await known.promise).toBe('known')
    await asked
  })
})

describe('a module that is away', () => {
  it('is waited for: what was not sent is sent once it is there', async () => {
    const port = await closedPort()
    const door = await front([`http://127.0.0.1:${port}`])
    const answers = [
      fetch(`${door.url}/v/1`),
      fetch(`${door.url}/v1/books`, { method: 'POST', body: 'short' }),
      fetch(`${door.url}/v1/books`, { method: 'POST', body: new Blob([new Uint8Array(1024 * 1024)]) }),
    ]
    await sleep(300)
    await open({ fetch: async (request) => new Response(String((await request.arrayBuffer()).byteLength)) }, port)
    expect(await Promise.all(answers.map(async (answer) => (await answer).text()))).toEqual(['0', '5', String(1024 * 1024)])
  })

  it('does not get a body out of a client that waits to be asked for it', async () => {
    const door = await front([`http://127.0.0.1:${await closedPort()}`], { holdMs: 300 })
    const asked = httpRequest(`${door.url}/v1/books`, { method: 'POST', headers: { expect: '100-continue', 'content-length': 50 * 1024 * 1024 } })
    const wanted = vi.fn<() => void>()
    asked.on('continue', wanted).on('error', () => {}).flushHeaders()
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    expect(answer.statusCode).toBe(503)
    expect(wanted).not.toHaveBeenCalled()
    asked.destroy()
  })

  it('is waited for while it says that it is not ready', async () => {
    let asked = 0
    const module = { fetch: () => (++asked < 4 ? new Response('', { status: 503, headers: { 'vellum-not-ready': '1' } }) : new Response('ready')) }
    const door = await front([(await open(module)).url])
    expect(await (await fetch(`${door.url}/v1/books`, { method: 'POST', body: 'x' })).text()).toBe('ready')
  })

  it('is not waited for longer than told; the refusal says when to come again', async () => {
    const door = await front([`http://127.0.0.1:${await closedPort()}`], { holdMs: 400 })
    const begun = performance.now()
    const answer = await fetch(`${door.url}/v/1`)
    expect(performance.now() - begun).toBeGreaterThan(390)
    expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('content-type')]).toEqual([503, '5', 'application/problem+json'])
    expect(await answer.json()).toMatchObject({ type: 'urn:vellum:problem:unavailable' })
  })

  it('has its own refusals passed on at once', async () => {
    const module = { fetch: () => new Response('full', { status: 503, headers: { 'retry-after': '30' } }) }
    const door = await front([(await open(module)).url])
    const answer = await fetch(`${door.url}/v/1`)
    expect([answer.status, answer.headers.get('retry-after'), await answer.text()]).toEqual([503, '30', 'full'])
  })

  it('is reached at its other replicas', async () => {
    const alive = await open({ fetch: () => new Response('alive') })
    const door = await front([`http://127.0.0.1:${await closedPort()}`, alive.url])
    for (let time = 0; time < 5; time++) expect(await (await fetch(`${door.url}/v1/books`, { method: 'POST', body: 'x' })).text()).toBe('alive')
  })
})

describe('a module that is lost after the request was sent', () => {
  /** Cuts the connection of every first request, after it has read all of it. */
  async function forgetful() {
    const heard: string[] = []
    const module = {
      async fetch(request: Request, { incoming }: { incoming: IncomingMessage }) {
        heard.push(`${request.method} ${(await request.arrayBuffer()).byteLength}`)
        if (heard.length === 1) incoming.socket.destroy()
        return new Response('again')
      },
    }
    return { heard, door: await front([(await open(module as never)).url]) }
  }

  it.each([
    ['a read', { method: 'GET' }, 0],
    ['a deletion', { method: 'DELETE' }, 0],
    ['a write with a key', { method: 'POST', headers: { 'idempotency-key': 'k' }, body: 'short' }, 5],
  ])('is asked again for %s', async (_, init, bytes) => {
    const { heard, door } = await forgetful()
    expect(await (await fetch(`${door.url}/v/1`, init)).text()).toBe('again')
    expect(heard).toEqual([`${init.method} ${bytes}`, `${init.method} ${bytes}`])
  })

  it.each([
    ['a write without a key', { method: 'POST', body: 'short' }],
    ['a body that is gone', { method: 'POST', headers: { 'idempotency-key': 'k' }, body: new Blob([new Uint8Array(1024 * 1024)]) }],
  ])('is not asked again for %s', async (_, init) => {
    const { heard, door } = await forgetful()
    const answer = await fetch(`${door.url}/v/1`, init)
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
    expect(heard.length).toBe(1)
  })
})
