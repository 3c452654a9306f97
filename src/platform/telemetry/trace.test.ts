import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Hono } from 'hono'
import { z } from 'zod'
import { createClient } from '../call/client.ts'
import { mountContract } from '../call/server.ts'
import { createServiceTokens } from '../call/service-token.ts'
import { directTransport } from '../call/transport.ts'
import { currentContext, inContext } from '../context.ts'
import { contract, operation } from '../contract.ts'
import { createPublicApp } from '../http/app.ts'
import { currentTraceId, span, startTracing } from './trace.ts'
import { newTraceparent, parseTraceparent } from './traceparent.ts'

interface OtlpSpan {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  attributes: { key: string; value: Record<string, unknown> }[]
  status: { code?: number; message?: string }
}

/** A collector that keeps what it was sent. */
let collector: Server
let url = ''
const bodies: string[] = []
const spans = (): OtlpSpan[] =>
  bodies
    .flatMap((body) => JSON.parse(body).resourceSpans)
    .flatMap((resource) => resource.scopeSpans)
    .flatMap((scope) => scope.spans)

beforeAll(async () => {
  collector = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => (body += chunk)).on('end', () => {
      if (request.url === '/v1/traces') bodies.push(body)
      response.setHeader('content-type', 'application/json').end('{}')
    })
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
})
afterAll(() => void collector.close())

describe('without an exporter', () => {
  it('a span keeps the trace that there is, and begins one where there is none', async () => {
    const traceparent = newTraceparent()
    await inContext({ traceparent }, () =>
      span('x', {}, async () => expect(currentContext().traceparent).toBe(traceparent)),
    )
    await inContext({}, () => span('x', {}, async () => expect(currentTraceId()).toMatch(/^[0-9a-f]{32}$/)))
  })
})

describe('a traceparent', () => {
  it('is taken only in its exact form', () => {
    const valid = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`
    expect(parseTraceparent(valid)).toMatchObject({ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true })
    for (const bad of ['', 'x', `${valid}\r\nx: y`, valid.toUpperCase(), `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`]) {
      expect(parseTraceparent(bad)).toBeUndefined()
    }
  })
})

describe('with a collector', () => {
  it('makes one trace of request, call and work, each the child of the one before, with nothing personal', async () => {
    const tracing = await startTracing({ url, serviceName: 'vellum', version: '1' })
    const echo = contract('echo', {
      say: operation({ effect: 'read', timeoutMs: 1_000, input: z.object({}), output: z.object({}) }),
    })
    const tokens = createServiceTokens(new Uint8Array(32))
    const internal = new Hono()
    const say = () =>
      span('transaction', { 'person.name': 'Ann', email: 'x', note: 'ann@example.org', rows: 3 }, async () => ({}))
    mountContract(internal, echo, { say }, { tokens })
    const client = createClient(echo, directTransport(internal), { module: 'caller', tokens })
    const app = createPublicApp()
    app.get('/x/:id', async (c) => c.json(await client.say({})))
    app.get('/fail', () => span('failing', {}, async () => { throw new TypeError('name of Ann') }))

    const answer =
      await app.request('/x/ann', { headers: { traceparent: `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01` } })
    await app.request('/fail')
    await tracing.stop()

    const chain = ['GET request', 'call echo.say', 'echo.say', 'transaction'].map(
      (name) => spans().find((one) => one.name === name && one.traceId === 'c'.repeat(32))!,
    )
    expect(chain.map((one) => one.parentSpanId)).toEqual(['d'.repeat(16), ...chain.slice(0, 3).map(
      (one) => one.spanId)],
    )
    expect(answer.headers.get('traceparent')).toContain(chain[0]!.spanId)
    expect(chain[3]!.attributes.map(({ key }) => key)).toEqual(['rows'])
    const failing = spans().find((one) => one.name === 'failing')!
    expect(failing.status).toMatchObject({ code: 2 })
    expect(failing.attributes).toContainEqual({ key: 'error.type', value: { stringValue: 'TypeError' } })
    expect(bodies.join('')).not.toMatch(/ann/i)
  })
})
