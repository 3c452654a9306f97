import { readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import type { SQL } from 'drizzle-orm'
import { PgDatabase, PgDialect } from 'drizzle-orm/pg-core'
import { NodePgSession } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import { casing, postgresSchemaName } from './columns.ts'
import { fromPostgresError } from './database-error.ts'
import { aes256Alone } from '../tls.ts'
import type { Queries } from './database.ts'

/** Something that runs one statement: a connection, a pool, or either behind a guard. */
export interface PostgresRunner {
  query(config: pg.QueryConfig | pg.QueryArrayConfig, params?: unknown[]): Promise<pg.QueryResult<any>>
}

const dialect = new PgDialect({ casing })

/**
 * The settings of a connection. `sslmode` in the URL turns TLS on, with a verified certificate: `require`, `verify-ca` and
 * `verify-full` alike, `sslrootcert` for an authority of one's own; `no-verify` does not verify. TLS is 1.3 with AES-256.
 */
export function postgresConfig(url: string, settings: Readonly<Record<string, string | number>> = {}): pg.ClientConfig {
  const parsed = new URL(url)
  // What stands in the URL would win over the role that is set here.
  const options = [parsed.searchParams.get('options') ?? '', ...Object.entries(settings).map(([k, v]) => `-c ${k}=${v}`)]
  parsed.searchParams.delete('options')
  const sslmode = parsed.searchParams.get('sslmode') ?? 'disable'
  const sslrootcert = parsed.searchParams.get('sslrootcert')
  parsed.searchParams.delete('sslmode')
  parsed.searchParams.delete('sslrootcert')
  const config: pg.ClientConfig = {
    connectionString: parsed.href,
    application_name: 'vellum',
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    options: options.join(' ').trim(),
    ssl: false,
  }
  if (sslmode === 'disable') return config
  return {
    ...config,
    ssl: {
      ...aes256Alone,
      rejectUnauthorized: sslmode !== 'no-verify',
      ...(sslrootcert ? { ca: readFileSync(sslrootcert, 'utf8') } : {}),
    },
  }
}

/**
 * For a connection whose every statement ends within a time: it breaks when nothing was heard for so many milliseconds. A network that
 * swallows everything tells nobody, and whoever asked would wait for ever.
 */
export const impatient = (silentMs: number): Pick<pg.ClientConfig, 'stream'> => ({
  stream: () => {
    const socket = new Socket()
    const noAnswer = () => Object.assign(new Error('Postgres does not answer.'), { code: 'ETIMEDOUT' })
    return socket.setTimeout(silentMs, () => socket.destroy(noAnswer()))
  },
})

/** A single connection outside any pool; with `module`, as that module's role. */
export async function connectPostgres(url: string, module?: string, more: pg.ClientConfig = {}): Promise<pg.Client> {
  const own = postgresConfig(url, module === undefined ? {} : { role: postgresSchemaName(module) })
  const client = new pg.Client({ ...own, ...more })
  // A connection that breaks while nobody waits for it says so at the next statement.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    throw fromPostgresError(error)
  }
  return client
}

/** Drizzle's error quotes the parameters of a failed query; the runner's own names none. */
class QuietSession extends NodePgSession<any, any> {
  override prepareQuery(...args: Parameters<NodePgSession<any, any>['prepareQuery']>): any {
    const prepared = super.prepareQuery(...args) as any
    prepared.queryWithCache = (_sql: string, _params: unknown[], run: () => Promise<unknown>) => run()
    return prepared
  }
}

export const queriesOver = (runner: PostgresRunner): Queries =>
  new PgDatabase(dialect, new QuietSession(runner as never, dialect, undefined), undefined) as unknown as Queries

const int8 = 20

/** Raw rows have numbers for bigint, as columns of the kit do. */
const rowTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text') =>
    oid === int8 ? Number : pg.types.getTypeParser(oid, format)) as pg.CustomTypesConfig['getTypeParser'],
}

export const toPostgresQuery = (query: SQL) => dialect.sqlToQuery(query)

/** @param statement with a name, the connection keeps it prepared */
export async function rowsOver<R>(
  runner: PostgresRunner,
  statement: { readonly text: string; readonly name?: string },
  params: unknown[],
): Promise<R[]> {
  const result = await runner.query({ ...statement, types: rowTypes }, params)
  return result.rows as R[]
}
