import { chmod, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'

export interface ListenerOptions {
  readonly fetch: (request: Request) => Response | Promise<Response>
  /** A port (0: any free one) with the host to bind, or the path of a unix socket that only this user may open. */
  readonly at: { readonly port: number; readonly host?: string } | { readonly socketPath: string }
  /** PEM. Present: TLS 1.3 with TLS_AES_256_GCM_SHA384 and nothing else. Deno heeds the version, not the cipher list. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

export interface Listener {
  /** `http://127.0.0.1:3001`, `https://…`, or `unix:/path`. */
  readonly url: string
  /** 0 for a unix socket. */
  readonly port: number
  /**
   * Answers for a moment what clients have sent already, then stops accepting, lets running requests finish, and after
   * `graceMs` cuts what is left.
   */
  close(graceMs?: number): Promise<void>
}

/**
 * A header section may hold a token far too long, so that its refusal is a problem document; beyond this Node answers
 * 431.
 */
const maxHeaderSize = 80 * 1024

const serverOptions = {
  maxHeaderSize,
  headersTimeout: 10_000,
  /** For the whole request, a slow upload included. */
  requestTimeout: 300_000,
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
} as const

/** Answers HTTP/1.1 with a fetch handler, on Node and Deno. Rejects when the address is taken. */
export async function listen({ fetch, at, tls }: ListenerOptions): Promise<Listener> {
  const server = createAdaptorServer(
    tls
      ? {
          fetch,
          createServer: createTlsServer,
          serverOptions: {
            ...serverOptions,
            cert: tls.cert,
            key: tls.key,
            minVersion: 'TLSv1.3',
            ciphers: 'TLS_AES_256_GCM_SHA384',
          },
        }
      : { fetch, createServer, serverOptions },
  ) as Server
  if ('socketPath' in at) await rm(at.socketPath, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    const listening = () => {
      server.off('error', reject)
      resolve()
    }
    if ('socketPath' in at) server.listen(at.socketPath, listening)
    else server.listen(at.port, at.host ?? '0.0.0.0', listening)
  })
  if ('socketPath' in at) {
    await chmod(at.socketPath, 0o600)
    return { url: `unix:${at.socketPath}`, port: 0, close: (graceMs) => closeServer(server, graceMs) }
  }
  const { port } = server.address() as AddressInfo
  const host = at.host ?? '127.0.0.1'
  const url = `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
  return { url, port, close: (graceMs) => closeServer(server, graceMs) }
}

/**
 * How long a server with open connections still answers what arrives. A connection whose request has come but was not
 * read yet looks idle, and closing it would cut a request that its client has sent in good faith.
 */
const lingerMs = 300

async function closeServer(server: Server, graceMs = 10_000): Promise<void> {
  const started = performance.now()
  if (graceMs > 0 && (await openConnections(server)) > 0) {
    // Each answer from now on tells its client to come back by another connection.
    server.prependListener('request', (_request, response) => void response.setHeader('connection', 'close'))
    await delay(Math.min(lingerMs, graceMs))
  }
  await new Promise<void>((resolve) => {
    // A connection that is kept alive becomes idle only after its answer, so idle ones are closed again and again.
    const sweep = setInterval(() => server.closeIdleConnections?.(), 20)
    const cut = setTimeout(() => server.closeAllConnections?.(), Math.max(graceMs - (performance.now() - started), 0))
    server.close(() => {
      clearInterval(sweep)
      clearTimeout(cut)
      resolve()
    })
    server.closeIdleConnections?.()
  })
}

/** Some, where the runtime does not count them. */
const openConnections = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    if (typeof server.getConnections !== 'function') return resolve(1)
    server.getConnections((error, count) => resolve(error ? 1 : count))
  })
