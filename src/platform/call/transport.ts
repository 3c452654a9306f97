import { AsyncLocalStorage } from 'node:async_hooks'
import { isDeepStrictEqual } from 'node:util'
import { type Dispatcher, fetch as fetchOver } from 'undici'
import { Problem } from '../problem.ts'
import { readProblem } from '../http/problem-response.ts'
import { type Addresses, createAddresses } from './addresses.ts'
import { doorHeaders } from './headers.ts'

/** One internal request, as plain as both ways can carry it. */
export interface InternalRequest {
  readonly method: 'GET' | 'POST'
  /** Absolute path on the owner's internal listener. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** A write is safe to receive twice. */
  readonly effect: 'read' | 'write'
  readonly signal?: AbortSignal
}

/**
 * Carries a request to a module's internal app and its answer back. Throws `Problem('unavailable')` when no answer
 * comes.
 */
export type Transport = (request: InternalRequest) => Promise<Response>

/** Anything that answers a fetch request: a Hono app. */
export interface FetchHandler {
  fetch(request: Request): Response | Promise<Response>
}

export interface TransportOptions {
  /**
   * Deliver every write twice under the same idempotency key, and throw when the two answers differ. Tests run so
   * everywhere: an operation that is not safe to do twice shows itself at once.
   */
  readonly twice?: boolean
  /** The connections to use: those that show this process's certificate. The runtime's own unless told. */
  readonly dispatcher?: Dispatcher | undefined
}

const deliverTwice =
  (deliver: Transport): Transport =>
  async (request) => {
    const first = await deliver(request)
    if (request.effect !== 'write' || first.status >= 500) return first
    const second = await deliver(request)
    const [before, after] = [await first.clone().text(), await second.text()]
    const same = first.status === second.status && (before === after || isDeepStrictEqual(parse(before), parse(after)))
    if (!same) {
      const statuses = `${first.status} then ${second.status}`
      throw new Error(`${request.path} is not safe to receive twice: the answers differ (${statuses})`)
    }
    return first
  }

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/**
 * Calls the module's internal app in this process. The app runs in the async context of the moment in which the
 * transport was made, so nothing of the caller's leaks in; make it at boot, outside any request.
 */
export function directTransport(app: FetchHandler, options: TransportOptions = {}): Transport {
  const clean = AsyncLocalStorage.snapshot()
  const deliver: Transport = ({ path, method, headers, body }) => {
    const init: RequestInit =
      body === undefined
        ? { method, headers: { ...headers } }
        : { method, headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) }, body }
    return clean(async () => app.fetch(new Request(`http://internal${path}`, init)))
  }
  return options.twice ? deliverTwice(deliver) : deliver
}

/**
 * Calls the owner's internal listener over HTTP with kept-alive connections, that of any replica that answers. Where a
 * connection was lost, the same one is tried once more.
 */
export function httpTransport(owner: Addresses | string, options: TransportOptions = {}): Transport {
  const addresses = typeof owner === 'string' ? createAddresses([owner.replace(/\/+$/, '')]) : owner
  const send = (address: string, { path, method, headers, body, signal }: InternalRequest): Promise<Response> => {
    const init: RequestInit = { method, headers: { ...headers }, redirect: 'error' }
    if (body !== undefined) init.body = body
    if (signal) init.signal = signal
    if (options.dispatcher === undefined) return fetch(address + path, init)
    return fetchOver(address + path, { ...init, dispatcher: options.dispatcher } as never) as unknown as Promise<Response>
  }
  const sendTwice = (address: string, request: InternalRequest): Promise<Response> =>
    send(address, request).catch((error: unknown) => {
      if (request.signal?.aborted || !connectionWasLost(error)) throw error
      return send(address, request)
    })
  const deliver: Transport = async (request) => {
    let failure: unknown
    for (const address of addresses.inTurn()) {
      try {
        const answer = await sendTwice(address, request)
        if (answer.headers.has(doorHeaders.notReady)) {
          failure = await readProblem(answer)
          addresses.silent(address)
          continue
        }
        addresses.answered(address)
        return answer
      } catch (error) {
        addresses.silent(address)
        if (request.signal?.aborted) throw request.signal.reason
        failure = error
      }
    }
    throw new Problem('unavailable', 'A part that is needed cannot be reached; try again later.', { cause: failure })
  }
  return options.twice ? deliverTwice(deliver) : deliver
}

/**
 * The far side closed a kept-alive connection just as it was used again. Everything internal is safe to receive
 * twice.
 */
function connectionWasLost(error: unknown): boolean {
  const cause = (error as { cause?: { code?: unknown } } | null)?.cause
  return cause?.code === 'UND_ERR_SOCKET' || cause?.code === 'ECONNRESET' || cause?.code === 'EPIPE'
}
