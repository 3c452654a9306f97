import { execFile, execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chownSync, globSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { freePort } from './free-port.ts'
import { startSupervised, untilReady, type Supervised } from './supervised.ts'

/** A Postgres of the test's own. `url` is the superuser's, to the database `postgres`. */
export type Postgres = {
  url: string
  /** Makes an empty database, with a random name unless one is given, and returns the superuser's URL to it. */
  createDatabase(name?: string): Promise<string>
  /** Where its files are. */
  directory: string
  /** Stops it at once, as a crash would (SIGQUIT: no connection is told, nothing is written any more), and starts it again. */
  crash(): Promise<void>
  stop(): Promise<void>
}

const run = promisify(execFile)

/** The folder with initdb and postgres: in PATH, or the newest where Debian and Homebrew put it. */
function programs(): string {
  const inPath = (process.env.PATH ?? '').split(delimiter).flatMap(folder => globSync(join(folder, 'initdb')))
  const elsewhere = globSync(['/usr/lib/postgresql/*/bin/initdb', '/opt/homebrew/opt/postgresql*/bin/initdb'])
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  const initdb = elsewhere.at(-1) ?? inPath[0]
  if (!initdb) throw new Error('Postgres was not found. Install it (Debian: postgresql), and run the tests again.')
  return dirname(initdb)
}

/** Postgres refuses to run as root: then it runs as the user postgres, else nobody. */
function serverUser(): { uid: number, gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string, name: string) => Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }))
  for (const name of ['postgres', 'nobody']) {
    try {
      return { uid: id('-u', name), gid: id('-g', name) }
    } catch {
      continue
    }
  }
  throw new Error('Postgres cannot run as root, and there is neither a user postgres nor a user nobody.')
}

/** One query over a connection of its own; its rows. */
export async function query(url: string, sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  await client.connect()
  try {
    return (await client.query(sql, values)).rows as Record<string, unknown>[]
  } finally {
    await client.end()
  }
}

interface Launched {
  readonly url: string
  readonly data: string
  /** Keeps the folder for as long as this process lives. */
  readonly folder: Supervised
  readonly start: () => Promise<Supervised>
  readonly server: Supervised
}

async function launch(durable: boolean): Promise<Launched> {
  const bin = programs()
  const user = serverUser()
  const directory = mkdtempSync(join(tmpdir(), 'vellum-postgres-'))
  if (user) chownSync(directory, user.uid, user.gid)
  const data = join(directory, 'data')
  // Its files go once it has ended itself: it writes until then.
  const untilEnded = `trap 'while kill -0 "$(head -n 1 data/postmaster.pid 2>/dev/null)" 2>/dev/null; do sleep 0.1; done; exit 0' TERM
    while :; do sleep 0.2; done`
  const folder = startSupervised({ directory, command: ['/bin/sh', '-c', untilEnded], signal: 'TERM', user })
  try {
    await run(
      join(bin, 'initdb'),
      ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync', '--no-instructions'],
      { cwd: directory, ...user },
    )
    const port = await freePort()
    const settings = [
      'listen_addresses=127.0.0.1', `unix_socket_directories=${directory}`, 'max_connections=200', 'shared_buffers=64MB',
      ...(durable ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
    ]
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`
    const start = async () => {
      const server = startSupervised({
        command: [join(bin, 'postgres'), '-D', data, '-p', String(port), ...settings.flatMap(setting => ['-c', setting])],
        signal: 'QUIT',
        user,
      })
      await untilReady(server, () => query(url, 'select 1'))
      return server
    }
    return { url, data, folder, start, server: await start() }
  } catch (error) {
    await folder.stop()
    throw error
  }
}

/**
 * Starts a fresh Postgres on a free port of 127.0.0.1, in a temporary folder that goes when it stops. It ends with
 * this process, even when that is killed. What it acknowledges survives a crash only when `durable`.
 */
export async function startPostgres({ durable = false }: { durable?: boolean } = {}): Promise<Postgres> {
  const { url, data, folder, start, server } = await launch(durable)
  let running = server
  return {
    url,
    async createDatabase(name = `test_${randomUUID().replaceAll('-', '')}`) {
      await query(url, `create database "${name.replaceAll('"', '""')}" template template0`)
      const database = new URL(url)
      database.pathname = `/${encodeURIComponent(name)}`
      return database.href
    },
    directory: data,
    async crash() {
      await running.stop()
      running = await start()
    },
    async stop() {
      await running.stop()
      await folder.stop()
    },
  }
}
