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
}

async function ping(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', timeout: 2_000 })
  try {
    await once(socket, 'connect')
    socket.write('PING\r\n')
    const [answer] = await once(socket, 'data')
    if (!String(answer).startsWith('+PONG')) throw new Error(`Redis answered ${String(answer)}`)
  } finally {
    socket.destroy()
  }
}

async function launch(options: RedisOptions): Promise<{ server: Supervised, port: number }> {
  const directory = mkdtempSync(join(tmpdir(), 'vellum-redis-'))
  const port = await freePort()
  const server = startSupervised({
    directory,
    command: [
      'redis-server', '--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--save', '',
      '--appendonly', options.appendOnly ? 'yes' : 'no',
      '--maxmemory-policy', options.maxmemoryPolicy ?? 'noeviction',
      ...(options.maxmemory ? ['--maxmemory', options.maxmemory] : []),
    ],
    signal: 'KILL',
  })
  await untilReady(server, () => ping(port))
  return { server, port }
}

/**
 * Starts an empty Redis on a free port of 127.0.0.1, in a temporary folder that goes when it stops. It ends with this
 * process, even when that is killed.
 */
export async function startRedis(options: RedisOptions = {}): Promise<Redis> {
  const { server, port } = await launch(options).catch(error => {
    if (String(error).includes('in use')) return launch(options)
    throw error
  })
  return { url: `redis://127.0.0.1:${port}`, stop: server.stop }
}
