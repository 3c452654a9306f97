import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { Agent, buildConnector, request } from 'undici'
import { isPublicAddress } from './public-address.ts'

export interface OutboundRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** For everything from the look-up to the last byte; 15 s unless told. */
  readonly timeoutMs?: number
  /** Of the answer's body; 1 MiB unless told. */
  readonly maxBytes?: number
  readonly signal?: AbortSignal
}

export interface OutboundResponse {
  /** Any status: a redirect comes back as it is and is not followed. */
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export type OutboundFault =
  /** The URL leads where no outside party may send us, or is none. No retry can help. */
  | 'refused'
  | 'too-large'
  | 'timeout'
  /** No name, no connection, no TLS, or cut off. */
  | 'network'

export class OutboundError extends Error {
  readonly fault: OutboundFault
  constructor(fault: OutboundFault, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'OutboundError'
    this.fault = fault
  }
}

export interface SafeFetchOptions {
  /** Exact `host:port` pairs, as they stand in the URL, that may be private: for tests, and for what an operator names. */
  readonly allow?: readonly string[]
  readonly userAgent?: string
  /** The system's resolver unless told. */
  readonly lookup?: LookupFunction
}

/** @throws {OutboundError} and nothing else */
export interface SafeFetch {
  (url: string, options?: OutboundRequest): Promise<OutboundResponse>
  close(): Promise<void>
}

/**
 * A fetch for URLs that a user can influence. http and https only; every address is judged at the moment of connecting, as a
 * literal in whatever notation or as the resolver's answer, and that very address is connected to, so that a name cannot
 * change its mind in between. No redirects, no proxies, no cookies, no decompression.
 */
export function createSafeFetch(options: SafeFetchOptions = {}): SafeFetch {
  const allowed = new Set(options.allow)
  const dispatcher = new Agent({
    connect: guardedConnector(allowed, options.lookup ?? (systemLookup as LookupFunction)),
    keepAliveTimeout: 4_000,
    maxHeaderSize: 16_384,
  })

  async function safeFetch(url: string, outbound: OutboundRequest = {}): Promise<OutboundResponse> {
    const target = parseTarget(url)
    const timeout = AbortSignal.timeout(outbound.timeoutMs ?? 15_000)
    try {
      const response = await request(target, {
        dispatcher,
        method: outbound.method ?? 'GET',
        headers: { 'user-agent': options.userAgent ?? 'Vellum', 'accept-encoding': 'identity', ...outbound.headers },
        body: outbound.body ?? null,
        signal: outbound.signal ? AbortSignal.any([outbound.signal, timeout]) : timeout,
        // A slow drip is cut by the one time-out above.
        headersTimeout: 0,
        bodyTimeout: 0,
      })
      const body = await readBounded(response.body, outbound.maxBytes ?? 1_048_576)
      return { status: response.statusCode, headers: flatten(response.headers), body }
    } catch (error) {
      throw asOutboundError(error, timeout)
    }
  }
  return Object.assign(safeFetch, { close: () => dispatcher.destroy() })
}

function parseTarget(text: string): URL {
  const url = URL.parse(text)
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new OutboundError('refused', 'The URL must be absolute, with http or https.')
  }
  if (url.username || url.password) throw new OutboundError('refused', 'The URL must not carry a user or a password.')
  return url
}

/** The guard stands in the connector, so that no connection of this agent can come about without it. */
function guardedConnector(allowed: ReadonlySet<string>, lookup: LookupFunction): buildConnector.connector {
  const open = buildConnector({ timeout: 10_000 })
  const guarded = buildConnector({ timeout: 10_000, lookup: publicLookup(lookup) } as buildConnector.BuildOptions)
  return (target, callback) => {
    // WHATWG URLs have made every IPv4 notation (decimal, hexadecimal, octal, short, full-width) dotted quads by now.
    const host = target.hostname.replace(/^\[|\]$/g, '')
    const port = target.port || (target.protocol === 'https:' ? '443' : '80')
    if (allowed.has(`${target.hostname}:${port}`) || allowed.has(`${host}:${port}`)) return open(target, callback)
    if (/^[\d.]+$|:/.test(host) && !isPublicAddress(host)) return callback(notPublic(), null)
    if (localName.test(host)) return callback(notPublic(), null)
    return guarded(target, callback)
  }
}

/** Names that mean this machine whatever a resolver says (RFC 6761). */
const localName = /^(.+\.)?localhost\.?$/i

/** Resolves once, refuses the name when any of its addresses is not public, and hands on only what was judged. */
function publicLookup(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, answer) => {
      if (error) return callback(error, '')
      const addresses = Array.isArray(answer) ? answer : []
      if (addresses.length === 0 || !addresses.every(({ address }) => isPublicAddress(address))) {
        return callback(notPublic(), '')
      }
      if (options.all) return callback(null, addresses)
      return callback(null, addresses[0]!.address, addresses[0]!.family)
    })
  }
}

const notPublic = () =>
  new OutboundError('refused', 'The URL leads to an address that is not on the public internet; use one that is.')

async function readBounded(body: AsyncIterable<Uint8Array> & { destroy(): unknown }, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    if (size > most) throw new OutboundError('too-large', `The answer is longer than ${most} bytes.`)
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

const flatten = (headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value]],
    ),
  )

function asOutboundError(error: unknown, timeout: AbortSignal): OutboundError {
  if (error instanceof OutboundError) return error
  const cause = (error as { cause?: unknown }).cause
  if (cause instanceof OutboundError) return cause
  if (timeout.aborted) return new OutboundError('timeout', 'The answer took too long.', { cause: error })
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
  return new OutboundError('network', `The other side could not be reached (${code}).`, { cause: error })
}
