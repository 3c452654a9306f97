import { hostname } from 'node:os'
import type { Span, SpanContext } from '@opentelemetry/api'
import { currentContext, withContext } from '../context.ts'
import { isPersonal } from './personal.ts'
import { formatTraceparent, newTraceparent, parseTraceparent } from './traceparent.ts'

/** Ids, counts and kinds. Never a name or an address: a key or a value that looks like one is dropped. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

interface Exporter {
  readonly start: (name: string, parent: SpanContext | undefined, attributes: SpanAttributes) => Span
}

/** One for the process: spans are made deep inside the platform, where nothing is handed in. */
let exporter: Exporter | undefined

/**
 * Runs `work` as one span of the current trace. The context inside carries its `traceparent`, which outbox rows,
 * steps and internal calls take along. Without an exporter only the trace id is kept going, which costs next to
 * nothing.
 */
export function span<T>(name: string, attributes: SpanAttributes, work: () => Promise<T>): Promise<T> {
  const { traceparent } = currentContext()
  if (!exporter) return traceparent ? work() : withContext({ traceparent: newTraceparent() }, work)
  return recorded(exporter, name, attributes, traceparent, work)
}

async function recorded<T>(
  { start }: Exporter,
  name: string,
  attributes: SpanAttributes,
  traceparent: string | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const parent = parseTraceparent(traceparent)
  const remote = parent && {
    traceId: parent.traceId,
    spanId: parent.spanId,
    traceFlags: parent.sampled ? 1 : 0,
    isRemote: true,
  }
  const made = start(name, remote, permitted(attributes))
  const { traceId, spanId, traceFlags } = made.spanContext()
  try {
    return await withContext({ traceparent: formatTraceparent(traceId, spanId, (traceFlags & 1) === 1) }, work)
  } catch (error) {
    // The kind of error only: a message may quote what a person typed.
    const { code, name: kind } = error as { code?: unknown; name?: unknown }
    made.setAttribute('error.type', String(code ?? kind ?? 'unknown'))
    made.setStatus({ code: 2 })
    throw error
  } finally {
    made.end()
  }
}

const permitted = (attributes: SpanAttributes): SpanAttributes =>
  Object.fromEntries(
    Object.entries(attributes).filter(([key, value]) => !isPersonal(key) && !String(value).includes('@')),
  )

/**
 * The id of the current trace, 32 hex digits: in every log line, and in step and outbox rows by way of `traceparent`.
 */
export const currentTraceId = (): string | undefined => parseTraceparent(currentContext().traceparent)?.traceId

export interface TracingOptions {
  /** Base URL of an OTLP/HTTP collector: `/v1/traces` is added unless it is there. */
  readonly url: string
  readonly serviceName: string
  readonly version: string
  /** That this process hosts; none in one that only forwards. */
  readonly modules?: readonly string[]
}

/** Starts exporting spans by OTLP/HTTP; the SDK is loaded only here. `stop` sends what is left. */
export async function startTracing(options: TracingOptions): Promise<{ stop(): Promise<void> }> {
  const [{ ROOT_CONTEXT, trace }, { OTLPTraceExporter }, { resourceFromAttributes }, sdk] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace'),
  ])
  const base = options.url.replace(/\/+$/, '')
  const url = base.endsWith('/v1/traces') ? base : `${base}/v1/traces`
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({
      'service.name': options.serviceName,
      'service.version': options.version,
      'service.instance.id': `${hostname()}/${process.pid}`,
      'vellum.modules': (options.modules ?? []).join(','),
    }),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url }), maxQueueSize: 8_192 })],
  })
  const tracer = provider.getTracer('vellum', options.version)
  const started: Exporter = {
    start: (name, parent, attributes) =>
      tracer.startSpan(name, { attributes }, parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT),
  }
  exporter = started
  return {
    async stop() {
      if (exporter === started) exporter = undefined
      // A collector that is away must not keep the process from stopping.
      await provider.shutdown().catch(() => {})
    },
  }
}
