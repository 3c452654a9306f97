import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Span {
  /** The modules of the process that sent it. */
  readonly process: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly attributes: readonly { key: string; value: unknown }[]
}

interface ResourceSpans {
  readonly resource: { readonly attributes: readonly { key: string; value: { stringValue: string } }[] }
  readonly scopeSpans: readonly { readonly spans: readonly Omit<Span, 'process'>[] }[]
}

/** What came so far: `spans` taken apart, `bodies` as they were sent. */
export interface Collector {
  readonly url: string
  readonly spans: readonly Span[]
  readonly bodies: readonly string[]
  stop(): Promise<void>
}

/** A collector of traces that speaks OTLP/HTTP, in this process, and keeps what it gets. */
export async function startCollector(): Promise<Collector> {
  const spans: Span[] = []
  const bodies: string[] = []
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      bodies.push(text)
      const body = JSON.parse(text) as { resourceSpans: ResourceSpans[] }
      for (const { resource, scopeSpans } of body.resourceSpans) {
        const process = resource.attributes.find(({ key }) => key === 'vellum.modules')!.value.stringValue || 'gateway'
        for (const scope of scopeSpans) spans.push(...scope.spans.map((span) => ({ ...span, process })))
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, spans, bodies, stop: () => new Promise<void>((done) => server.close(() => done())) }
}
