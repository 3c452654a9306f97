import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createInstallation, type Installation } from '../installation.ts'

interface Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly attributes: readonly { key: string; value: unknown }[]
}

/** A collector that speaks OTLP/HTTP and keeps what it gets. */
async function startCollector() {
  const spans: Span[] = []
  const bodies: string[] = []
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      bodies.push(text)
      const body = JSON.parse(text) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] }
      for (const resource of body.resourceSpans) for (const scope of resource.scopeSpans) spans.push(...scope.spans)
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, spans, bodies, close: () => new Promise<void>((done) => server.close(() => done())) }
}

describe('one issued credential', () => {
  let collector: Awaited<ReturnType<typeof startCollector>>
  let installation: Installation

  beforeAll(async () => {
    collector = await startCollector()
    installation = await createInstallation({ environment: { OTLP_URL: collector.url } })
    await installation.start()
  }, 60_000)

  afterAll(async () => {
    await installation.remove()
    await collector.close()
  })

  it('is one trace from the request over transaction, outbox and steps to the mail, and names nobody', async () => {
    await installation.cli('organization', 'create', 'traced', '--name', 'Traced')
    const made = await installation.cli('client', 'create', '--organization', 'traced', '--json')
    const { client_id, client_secret } = JSON.parse(made.stdout) as Record<string, string>
    const basic = Buffer.from(`${client_id}:${client_secret}`).toString('base64')
    const token = await installation.fetch('/oauth/token', {
      method: 'POST',
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials',
    })
    const { access_token } = (await token.json()) as Record<string, string>
    const traceId = 'c0ffee00c0ffee00c0ffee00c0ffee00'
    const accepted = await installation.fetch('/v1/credentials', {
      method: 'POST',
      headers: {
        authorization: `Bearer ${access_token}`,
        'content-type': 'application/json',
        traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
      },
      body: JSON.stringify({
        recipient: { name: 'Zanzibarina Quux', email: 'zanzibarina@example.org' },
        achievement: { name: 'Tracing' },
      }),
    })
    expect(accepted.status).toBe(202)
    expect(accepted.headers.get('traceparent')).toContain(traceId)

    const mine = () => collector.spans.filter((span) => span.traceId === traceId)
    const below = (name: string, ancestor: string): boolean =>
      mine().some((span) => {
        if (span.name !== name) return false
        for (let parent = span.parentSpanId; parent; ) {
          const found = mine().find((one) => one.spanId === parent)
          if (found?.name === ancestor) return true
          parent = found?.parentSpanId
        }
        return false
      })
    await expect.poll(() => mine().map((span) => span.name), { timeout: 30_000, interval: 200 }).toContain('step send-email')

    expect(below('transaction', 'POST request')).toBe(true)
    expect(below('step issue-credential', 'POST request')).toBe(true)
    expect(below('publish credential.issued', 'step issue-credential')).toBe(true)
    expect(below('event credential.issued', 'publish credential.issued')).toBe(true)
    expect(below('step send-email', 'event credential.issued')).toBe(true)
    expect(below('call issuance.certificate', 'step send-email')).toBe(true)
    expect(collector.bodies.join('')).not.toMatch(/zanzibarina/i)
  }, 60_000)
})
