import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port.ts'
import { startSupervised, untilReady, type Supervised } from './supervised.ts'

/** A Redis of the test's own, empty at first. */
export type Redis = { url: string, stop(): Promise<void> }

export type RedisOptions = {
  /** Keep every write in an append-only file, as production does. Default: nothing is kept. */
  appendOnly?: boolean
  /** Default: noeviction, the only one that Vellum accepts. */
  maxmemoryPolicy?: 'noeviction' | 'allkeys-lru' | 'allkeys-lfu' | 'volatile-lru' | 'volatile-ttl'
  /** As Redis writes it, for example 16mb. Default: no limit. */
  maxmemory?: string
  /** Default: a free one. */
  port?: number
  /** Where the append-only file is kept when it stops, so that one that is started there again has everything. */
  directory?: string
  password?: string
  /** PEM files; it speaks nothing but TLS then. `ciphersuites`: those of TLS 1.3 that it offers. */
  tls?: { certFile: string, keyFile: string, ciphersuites?: string }
}

async function ping(port: number, { tls }: RedisOptions): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', timeout: 2_000 })
  try {
    await once(socket, 'connect')
    if (tls) return
    socket.write('PING\r\n')
    const [answer] = await once(socket, 'data')
    if (!/^(\+PONG|-NOAUTH)/.test(String(answer))) throw new Error(`Redis answered ${String(answer)}`)
  } finally {
    socket.destroy()
  }
}

async function launch(options: RedisOptions): Promise<{ server: Supervised, port: number }> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'vellum-redis-'))
  const port = options.port ?? await freePort()
  const { tls } = options
  const server = startSupervised({
    ...(options.directory === undefined && { directory }),
    command: [
      'redis-server', ...(tls ? ['--port', '0', '--tls-port', String(port)] : ['--port', String(port)]),
      '--bind', '127.0.0.1', '--dir', directory, '--save', '',
      '--appendonly', options.appendOnly ? 'yes' : 'no',
      '--maxmemory-policy', options.maxmemoryPolicy ?? 'noeviction',
      ...(options.maxmemory ? ['--maxmemory', options.maxmemory] : []),
      ...(options.password ? ['--requirepass', options.password] : []),
      ...(tls ? ['--tls-cert-file', tls.certFile, '--tls-key-file', tls.keyFile, '--tls-auth-clients', 'no'] : []),
      ...(tls?.ciphersuites ? ['--tls-ciphersuites', tls.ciphersuites] : []),
    ],
    signal: 'KILL',
  })
  await untilReady(server, () => ping(port, options))
  return { server, port }
}

/**
 * Starts an empty Redis on a free port of 127.0.0.1, in a temporary folder that goes when it stops. It ends with this
 * process, even when that is killed.
 */
export async function startRedis(options: RedisOptions = {}): Promise<Redis> {
  const { server, port } = await launch(options).catch(error => {
    if (options.port === undefined && String(error).includes('in use')) return launch(options)
    throw error
  })
  return { url: `${options.tls ? 'rediss' : 'redis'}://127.0.0.1:${port}`, stop: server.stop }
}
