import { setTimeout as delay } from 'node:timers/promises'
import { type SQL, sql } from 'drizzle-orm'
import pg from 'pg'
import { currentContext, withContext } from '../context.ts'
import { postgresSchemaName } from './columns.ts'
import { failpoint } from '../failpoints.ts'
import { commitListeners } from './commit-listeners.ts'
import { DatabaseError, fromPostgresError } from './database-error.ts'
import type { Lock, Transaction } from './database.ts'
import { openGuard } from './guard.ts'
import {
  connectPostgres, impatient, type PostgresRunner, postgresConfig, queriesOver, rowsOver, toPostgresQuery,
} from './postgres-connection.ts'
import { preparedCache } from './prepared.ts'
import { type PreparedStatement, type StatementKit, statementTexts } from './prepared-statement.ts'
import type { PlatformTables } from './platform-tables.ts'
import type { Schema } from './schema.ts'
import {
  bindQueries,
  composeTransaction,
  noNotices,
  type PlatformDatabase,
  type RawDialect,
  type RawTransaction,
  type TransactionHooks,
  type TransactionOptions,
} from './transaction.ts'
import { asProblem, refuseInTransaction, refuseNested } from './transaction-refusals.ts'
import { awaitMs, runScoped, transactionScope } from './transaction-scope.ts'

export interface PostgresOptions<T> {
  readonly schema: Schema<T>
  readonly url: string
  readonly hooks: TransactionHooks
  /** Connections of this process for this module. */
  readonly connections?: number
  /** How long a connection may be silent while it is asked, in milliseconds: longer than a statement may take; 15 s unless told. */
  readonly silentMs?: number
  readonly onError?: (error: unknown) => void
}

/**
 * Who loses against a concurrent change runs again; the pauses grow to some 60 ms. Who lost twice waits for its turn among
 * those who did, before its snapshot is taken: otherwise many writers of one row (the head of an organization's audit chain)
 * would go on losing to each other until some gave up.
 */
const attempts = 20
const attemptsAtOnce = 2
const pauseMs = (attempt: number) => Math.random() * 2 ** Math.min(attempt, 6)

/** Stable within a statement, so that an index can be compared with it. */
const postgresNow: StatementKit['now'] = (offsetMs = 0) => sql`(statement_timestamp() + ${offsetMs} * interval '1 millisecond')`

/** What row-level security compares with: the organization of the present context, or `*` for the platform's own work. */
function visibleOrganization(): string {
  const { organizationId } = currentContext()
  if (organizationId === '*') throw new Error('No organization may be called *.')
  return organizationId ?? '*'
}

/**
 * A module's schema on Postgres, through connections that run as the module's role. Transactions are REPEATABLE READ and run
 * again after a conflict, so that what is written against SQLite's one-after-the-other loses no update here.
 */
export function openPostgres<T>(options: PostgresOptions<T>): PlatformDatabase<T> {
  const { schema, url, hooks, silentMs = 15_000, onError = () => {} } = options
  const { tables, platform } = schema.postgres()
  const pool = new pg.Pool({
    ...postgresConfig(url, {
      role: postgresSchemaName(schema.module),
      statement_timeout: 10_000,
      lock_timeout: 5_000,
      idle_in_transaction_session_timeout: 10_000,
    }),
    ...impatient(silentMs),
    max: options.connections ?? 10,
  })
  pool.on('error', onError)
  // While a connection is in use, what breaks it is thrown by the statement.
  pool.on('connect', (client) => client.on('error', () => {}))

  const open = openGuard(schema.module)
  const listeners = commitListeners(onError)

  interface Connection {
    readonly client: pg.PoolClient
    /** The session's `vellum.organization`. */
    organization: string | undefined
    readonly run: ReturnType<typeof preparedCache<T>>
    readonly runPlatform: ReturnType<typeof preparedCache<PlatformTables>>
  }
  const connections = new WeakMap<pg.PoolClient, Connection>()

  async function withConnection<R>(work: (connection: Connection) => Promise<R>): Promise<R> {
    let broken = false
    let client: pg.PoolClient
    try {
      client = await pool.connect()
    } catch (error) {
      throw fromPostgresError(error)
    }
    let connection = connections.get(client)
    if (!connection) {
      const queries = queriesOver(client)
      connection = {
        client,
        organization: undefined,
        run: preparedCache(queries, tables, postgresNow),
        runPlatform: preparedCache(queries, platform, postgresNow),
      }
      connections.set(client, connection)
    }
    try {
      return await work(connection)
    } catch (error) {
      const translated = fromPostgresError(error)
      broken = translated instanceof DatabaseError && translated.kind === 'unavailable'
      throw translated
    } finally {
      client.release(broken)
    }
  }

  /** One read, as the organization of the context in which it was asked for. */
  async function reading<R>(work: (connection: Connection) => Promise<R>): Promise<R> {
    open.check()
    refuseInTransaction()
    const organization = visibleOrganization()
    try {
      return await withConnection(async (connection) => {
        if (connection.organization !== organization) {
          await connection.client.query(`select set_config('vellum.organization', $1, false)`, [organization])
          connection.organization = organization
        }
        return work(connection)
      })
    } catch (error) {
      throw asProblem(error)
    }
  }

  const readRunner: PostgresRunner = {
    query: (config, params) => reading(({ client }) => client.query(config, params)),
  }
  const read = bindQueries(queriesOver(readRunner))

  const kit: StatementKit = { dialect: 'postgres', platform, now: postgresNow }
  const textOf = statementTexts(kit, toPostgresQuery)

  const rawOf = (runner: PostgresRunner, run: RawDialect['run']): RawDialect => ({
    ...kit,
    rows: <R>(query: SQL) => {
      const { sql: text, params } = toPostgresQuery(query)
      return rowsOver<R>(runner, { text }, params)
    },
    run,
    execute: async <R>(statement: PreparedStatement<any, R>, values: object) => {
      const { name, text, bind } = textOf(statement)
      return rowsOver<R>(runner, { name, text }, bind(values))
    },
  })

  type Work<R> = (tx: Transaction<T>, raw: RawTransaction) => Promise<R>

  /** Runs `work` as the only one of this organization that takes turns, in whatever process. */
  async function inTurn<R>(client: pg.PoolClient, organization: string, work: () => Promise<R>): Promise<R> {
    const name = [`turn/${schema.module}`, organization]
    await client.query('select pg_advisory_lock(hashtext($1), hashtext($2))', name)
    try {
      return await work()
    } finally {
      // A connection that cannot give it back is broken, and has lost it.
      await client.query('select pg_advisory_unlock(hashtext($1), hashtext($2))', name)
    }
  }

  async function attemptTransaction<R>(work: Work<R>, isolation: string, organization: string, takesTurn: boolean) {
    const notices = noNotices()
    const scope = transactionScope()
    const value = await withConnection(async (connection) => {
      const attempt = () => runOn(connection)
      return takesTurn ? inTurn(connection.client, organization, attempt) : attempt()
    })
    return { value, notices }

    async function runOn({ client, run, runPlatform }: Connection): Promise<R> {
      const awaiting = awaitingWatch()
      const guarded = async <Q>(query: () => Q | Promise<Q>): Promise<Q> => {
        scope.check()
        const queried = awaiting.queryStarted()
        try {
          return await query()
        } catch (error) {
          const translated = fromPostgresError(error)
          scope.failed(translated)
          throw translated
        } finally {
          queried()
        }
      }
      const runner: PostgresRunner = { query: (config, params) => guarded(() => client.query(config, params)) }
      const { tx, raw } = composeTransaction({
        queries: () => queriesOver(runner),
        tables,
        run: (query, values) => guarded(() => run(query, values)),
        raw: rawOf(runner, (query, values) => guarded(() => runPlatform(query, values))),
        hooks,
        notices,
      })
      await client.query(
        `begin isolation level ${isolation}; select set_config('vellum.organization', ${pg.escapeLiteral(organization)}, true)`,
      )
      try {
        const result = await runScoped(
          scope,
          () => withContext({ transaction: true }, () => work(tx, raw)),
          awaiting.watch,
        )
        failpoint('before-commit')
        await client.query('commit')
        failpoint('after-commit')
        return result
      } catch (error) {
        await client.query('rollback').catch(() => {})
        // What the callback made of a failed statement is no reason not to run again.
        const failure = scope.firstFailure()
        throw failure instanceof DatabaseError && failure.kind === 'conflict' ? failure : error
      }
    }
  }

  async function platformTransaction<R>(work: Work<R>, { isolation }: TransactionOptions = {}): Promise<R> {
    open.check()
    refuseNested()
    const organization = visibleOrganization()
    for (let attempt = 1; ; attempt++) {
      try {
        const takesTurn = attempt > attemptsAtOnce
        const { value, notices } = await attemptTransaction(work, isolation ?? 'repeatable read', organization, takesTurn)
        listeners.tell(notices)
        return value
      } catch (error) {
        const again = error instanceof DatabaseError && error.kind === 'conflict' && attempt < attempts
        if (!again) throw asProblem(error)
        if (attempt < attemptsAtOnce) await new Promise((resolve) => setTimeout(resolve, pauseMs(attempt)))
      }
    }
  }

  return {
    dialect: 'postgres',
    module: schema.module,
    tables,
    read,
    run: (query, values) => reading(async ({ run }) => run(query, values)),
    raw: { ...read, ...rawOf(readRunner, (query, values) => reading(async ({ runPlatform }) => runPlatform(query, values))) },
    transaction: (work, options) => platformTransaction((tx) => work(tx), options),
    platformTransaction,
    dropOverwritten: async () => true,
    onCommit: listeners.add,
    lock: (name) => advisoryLock(url, schema.module, name, silentMs),
    async close() {
      open.close()
      await pool.end()
    },
  }
}

/** Counts the milliseconds during which no statement of a transaction is on its way. */
function awaitingWatch() {
  let timer: NodeJS.Timeout | undefined
  let expired: (() => void) | undefined
  let running = 0
  const arm = () => {
    clearTimeout(timer)
    if (expired && running === 0) timer = setTimeout(expired, awaitMs)
  }
  return {
    watch: (onExpired: () => void) => {
      expired = onExpired
      arm()
      return () => {
        expired = undefined
        clearTimeout(timer)
      }
    },
    queryStarted: () => {
      running++
      clearTimeout(timer)
      return () => {
        running--
        arm()
      }
    },
  }
}

/**
 * Held by a connection of its own, so that it is lost exactly when that connection is. It asks now and then whether the
 * connection is there: of one that was lost in silence nobody would hear, and the lock would be held by nobody. The server ends
 * it when it is not asked, for it would keep the lock of a network that swallows everything for hours.
 */
async function advisoryLock(url: string, module: string, name: string, silentMs: number): Promise<Lock | undefined> {
  const client = await connectPostgres(url, module, impatient(silentMs))
  const lost = new AbortController()
  client.once('end', () => lost.abort())
  await client.query(`select set_config('idle_session_timeout', $1, false)`, [String(2 * silentMs)])
  const { rows } = await client.query(`select pg_try_advisory_lock(hashtext($1), hashtext($2)) as held`, [module, name])
  if (!rows[0].held) {
    await client.end()
    return undefined
  }
  void askNowAndThen(client, silentMs / 3, lost.signal)
  return { lost: lost.signal, release: () => client.end() }
}

async function askNowAndThen(client: pg.Client, everyMs: number, lost: AbortSignal): Promise<void> {
  try {
    for (;;) {
      await delay(everyMs, undefined, { ref: false, signal: lost })
      await client.query('select')
    }
  } catch {
    // It is lost, and whoever holds the lock is told by the signal.
  }
}
