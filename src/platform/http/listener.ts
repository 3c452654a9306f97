import { chmod, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, Server as NetServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import { aes256Alone, type Certificate } from '../tls.ts'

export interface ListenerOptions {
  readonly fetch: (request: Request) => Response | Promise<Response>
  /** A port (0: any free one) with the host to bind, or the path of a unix socket that only this user may open. */
  readonly at: { readonly port: number; readonly host?: string } | { readonly socketPath: string }
  /** Present: TLS, see `aes256Alone`. With an authority nobody gets in whose certificate is not of it. */
  readonly tls?: (Certificate & { readonly ca?: string }) | undefined
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
  // Beyond what clients are told: one that is late by a moment must not write into a connection that is being closed.
  keepAliveTimeoutBuffer: 5_000,
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
            ...tls,
            ...aes256Alone,
            ...(tls.ca !== undefined && { requestCert: true, rejectUnauthorized: true }),
          },
        }
      : { fetch, createServer, serverOptions },
  ) as Server
  server.on('checkContinue', askForBodyWhenRead)
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
 * RFC 9110, section 10.1.1: who expects `100 Continue` gets it once something wants to read the body, and never when the request is
 * refused without it. Node would send it at once.
 */
function askForBodyWhenRead(this: Server, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const read = incoming._read.bind(incoming)
  incoming._read = (size) => {
    incoming._read = read
    if (!outgoing.headersSent) outgoing.writeContinue()
    read(size)
  }
  this.emit('request', incoming, outgoing)
}

/**
 * How long a server with open connections still answers what arrives. A connection whose request has come but was not
 * read yet looks idle, and closing it would cut a request that its client has sent in good faith.
 */
const lingerMs = 300

async function closeServer(server: Server, graceMs = 10_000): Promise<void> {
  const started = performance.now()
  // Told from the event, because whoever closes what is closed already may never hear of it.
  const ended = new Promise((resolve) => server.once('close', resolve))
  if (graceMs > 0 && (await openConnections(server)) > 0) {
    // Each answer from now on tells its client to come back by another connection.
    server.prependListener('request', (_request, response) => void response.setHeader('connection', 'close'))
    await refuseConnections(server)
    await delay(Math.min(lingerMs, graceMs))
  }
  // A connection that is kept alive becomes idle only after its answer, so idle ones are closed again and again.
  const sweep = setInterval(() => server.closeIdleConnections?.(), 20)
  const cut = setTimeout(() => server.closeAllConnections?.(), Math.max(graceMs - (performance.now() - started), 0))
  server.close()
  server.closeIdleConnections?.()
  await ended
  clearInterval(sweep)
  clearTimeout(cut)
}

/**
 * Takes no connection any more and keeps those that there are: the client, or the balancer before it, finds the next process. One
 * that was taken as late as this would be cut with its request on the way. What waits to be taken is taken first. Deno cannot do
 * the one without the other.
 */
async function refuseConnections(server: Server): Promise<void> {
  if (process.versions.deno !== undefined) return
  await new Promise((resolve) => setImmediate(resolve))
  NetServer.prototype.close.call(server)
}

/** Some, where the runtime does not count them. */
const openConnections = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    if (typeof server.getConnections !== 'function') return resolve(1)
    server.getConnections((error, count) => resolve(error ? 1 : count))
  })
