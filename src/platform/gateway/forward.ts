import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { type Dispatcher, request as send } from 'undici'
import type { Addresses } from '../call/addresses.ts'
import { callHeaders, doorHeaders } from '../call/headers.ts'
import { currentContext } from '../context.ts'
import type { PublicEnvironment } from '../http/app.ts'
import { isJson, readInTime } from '../http/limits.ts'
import { Problem } from '../problem.ts'
import { span } from '../telemetry/trace.ts'
import { answerHeaders, isRepeatable, ownerOf, requestHeaders, wasNeverSent } from './forward-rules.ts'

/** How long a request waits for a module that is away, and how long between two attempts, in milliseconds. */
const hold = { most: 5_000, between: 100 }

/** A body or an answer up to this is carried in one piece, and can be sent again; longer ones stream. */
const wholeBytes = 64 * 1024

export interface ForwardOptions {
  readonly module: string
  readonly addresses: Addresses
  readonly dispatcher: Dispatcher
  /** Answers that go on for as long as somebody listens: whoever stops the process ends them. */
  readonly endless: Set<Readable>
  /** 5 s unless told. */
  readonly holdMs?: number
}

/** What is left of a request's body to be sent. */
interface Body {
  /** A new reader for each attempt. undici reads an async iterable only once it is connected; its types do not tell. */
  content(): Dispatcher.DispatchOptions['body'] | AsyncGenerator<Uint8Array>
  /** Something of it is gone, which nobody can send again. */
  isSpent(): boolean
  /** Reads what nobody wants any more: left unread, it would keep the client's connection from being used again. */
  discard(): Promise<void>
}

const inHand = (content: Uint8Array | null): Body => ({ content: () => content, isSpent: () => false, discard: async () => {} })

/**
 * Hands a public request on to the module that answers it, and its answer back, both as they come. While the module is away
 * the request is held, then refused with 503. What may have been done is sent a second time only if that is safe: decision 0165.
 */
export function forward({ module, addresses, dispatcher, endless, holdMs = hold.most }: ForwardOptions): MiddlewareHandler<PublicEnvironment> {
  return (c) =>
    span(`forward ${module}`, {}, async () => {
      const { raw } = c.req
      const body = await bodyOf(raw)
      const { pathname, search } = new URL(raw.url)
      const request = {
        method: raw.method as Dispatcher.HttpMethod,
        headers: requestHeaders(raw.headers, ownHeaders(c)),
        dispatcher,
        signal: raw.signal,
      }
      const until = performance.now() + holdMs
      for (;;) {
        for (const address of addresses.inTurn()) {
          try {
            const answer = await send(address + pathname + search, { ...request, body: body.content() as Dispatcher.DispatchOptions['body'] })
            if (!isNotReady(answer)) {
              addresses.answered(address)
              // Also where the module answered before it had read everything.
              answer.body.once('close', () => void body.discard())
              return await answerOf(answer, raw.method, endless)
            }
            await answer.body.dump()
          } catch (error) {
            if (raw.signal.aborted) throw error
            void body.discard()
            if (body.isSpent() || !(wasNeverSent(error) || isRepeatable(raw.method, raw.headers))) throw lost(error)
          }
          addresses.silent(address)
          void body.discard()
          if (body.isSpent()) throw away()
        }
        if (performance.now() >= until) throw away()
        await delay(Math.min(hold.between, holdMs), undefined, { signal: raw.signal })
      }
    })
}

/**
 * Registers {@link forward} for the public paths of every module that is elsewhere. Add it before the routes of modules in
 * this process. A request that came through a door already goes no further, whatever two processes say of each other.
 */
export function mountForwards(
  app: OpenAPIHono<PublicEnvironment>,
  options: {
    readonly paths: Readonly<Record<string, readonly string[]>>
    /** Asked at every request; undefined: it is in this process. */
    readonly addressesOf: (module: string) => Addresses | undefined
    readonly dispatcher: Dispatcher
    /** Aborted when the process begins to stop. */
    readonly stopping: AbortSignal
    readonly holdMs?: number
  },
): void {
  const { paths, addressesOf, stopping, ...rest } = options
  const endless = new Set<Readable>()
  stopping.addEventListener('abort', () => endless.forEach((body) => body.destroy()))
  for (const [module, prefixes] of Object.entries(paths))
    for (const prefix of prefixes)
      app.use(`${prefix}/*`, (c, next) => {
        const addresses = addressesOf(module)
        const isInside = c.env?.internal && c.req.header(doorHeaders.forwarded) !== undefined
        if (!addresses || isInside || ownerOf(paths, c.req.path) !== module) return next()
        return forward({ module, addresses, endless, ...rest })(c, next)
      })
}

/** What this process says of the request: its own trace and number. */
function ownHeaders(c: Context<PublicEnvironment>): Record<string, string> {
  const { traceparent, address } = currentContext()
  return {
    [doorHeaders.requestId]: c.get('requestId'),
    [doorHeaders.forwarded]: '1',
    ...(address !== undefined && { [doorHeaders.address]: address }),
    ...(traceparent !== undefined && { [callHeaders.traceparent]: traceparent }),
  }
}

async function bodyOf(request: Request): Promise<Body> {
  const length = request.headers.get('content-length')
  const hasNone = length === '0' || (length === null && !request.headers.has('transfer-encoding'))
  if (hasNone || request.method === 'GET' || request.method === 'HEAD') return inHand(null)
  if (length !== null && Number(length) <= wholeBytes) {
    const read = request.arrayBuffer()
    const whole = new Uint8Array(await (isJson(request.headers.get('content-type')) ? readInTime(read) : read))
    return inHand(whole)
  }
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  async function* rest(): AsyncGenerator<Uint8Array> {
    reader ??= request.body?.getReader()
    for (;;) {
      const chunk = await reader?.read()
      if (!chunk || chunk.done) return
      yield chunk.value
    }
  }
  const discard = async (): Promise<void> => {
    try {
      while (reader && !(await reader.read()).done) continue
    } catch {
      // The client is gone.
    }
  }
  return { content: rest, isSpent: () => reader !== undefined, discard }
}

/** The process stands, but the module in it does not answer yet: nothing was done. */
const isNotReady = ({ statusCode, headers }: Dispatcher.ResponseData): boolean =>
  statusCode === 503 && headers[doorHeaders.notReady] !== undefined

async function answerOf({ statusCode, headers, body }: Dispatcher.ResponseData, method: string, endless: Set<Readable>): Promise<Response> {
  const init = { status: statusCode, headers: answerHeaders(headers) }
  if (method === 'HEAD' || statusCode === 204 || statusCode === 304) {
    await body.dump()
    return new Response(null, init)
  }
  const length = headers['content-length']
  if (length !== undefined && Number(length) <= wholeBytes) return new Response(await body.arrayBuffer(), init)
  if (!String(headers['content-type']).startsWith('text/event-stream')) return new Response(streamOf(body), init)
  // Events have no end of their own: a stop would wait until it cuts them, and whoever listens comes again.
  endless.add(body)
  body.once('close', () => endless.delete(body))
  return new Response(streamOf(body, { mayEnd: true }), init)
}

/**
 * Read only as fast as the client takes it; when the client leaves, so does the module's answer. One that is cut is cut here
 * too, unless it may end anywhere.
 */
function streamOf(body: Readable, { mayEnd = false } = {}): ReadableStream<Uint8Array> {
  const chunks = body.iterator({ destroyOnReturn: true })
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next().catch((error: unknown) => {
          if (!mayEnd) throw error
          return { done: true, value: undefined }
        })
        if (done) controller.close()
        else controller.enqueue(value as Uint8Array)
      },
      cancel: () => void body.destroy(),
    },
    { highWaterMark: 0 },
  )
}

const away = (): Problem =>
  new Problem('unavailable', 'The part that answers this is away; try again in a moment.', { retryAfterSeconds: 5 })

const lost = (cause?: unknown): Problem =>
  new Problem('unavailable', 'The part that answers this was lost on the way; look whether it was done, then send it again.', {
    retryAfterSeconds: 1,
    cause,
  })
