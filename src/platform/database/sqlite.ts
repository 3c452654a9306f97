import { AsyncLocalStorage } from 'node:async_hooks'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { type SQL, sql } from 'drizzle-orm'
import { withContext } from '../context.ts'
import { failpoint } from '../failpoints.ts'
import { commitListeners } from './commit-listeners.ts'
import type { Lock, Transaction } from './database.ts'
import { type GroupedWriter, groupCommit } from './group-commit.ts'
import { type Guard, openGuard } from './guard.ts'
import { preparedCache, type PreparedQuery } from './prepared.ts'
import { type PreparedStatement, type StatementKit, statementTexts } from './prepared-statement.ts'
import type { Schema } from './schema.ts'
import { startCheckpoints } from './sqlite-checkpoint.ts'
import { openConnection, type SqliteConnection } from './sqlite-connection.ts'
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
import { awaitMs, runScoped, type TransactionScope, transactionScope } from './transaction-scope.ts'

export interface SqliteOptions<T> {
  readonly schema: Schema<T>
  readonly file: string
  readonly hooks: TransactionHooks
  /** Told of what went wrong where nobody waits for an answer. */
  readonly onError?: (error: unknown) => void
  /** Asked each time whether background work may wait for more of its kind; it may unless told. */
  readonly mayGather?: () => boolean
}

type Rows = <R>(text: string, params: readonly unknown[]) => R[]

const sqliteNow: StatementKit['now'] = (offsetMs = 0) => sql`(cast(unixepoch('subsec') * 1000 as integer) + ${offsetMs})`

const watchAwaiting = (expired: () => void) => {
  const timer = setTimeout(expired, awaitMs)
  return () => clearTimeout(timer)
}

/**
 * A module's database in one file: one writer with group commit, one read-only connection, checkpoints on another thread.
 * Nothing else may write to the file: a second writer in this thread would block the loop for the whole busy time-out.
 */
export function openSqlite<T>({ schema, file, hooks, onError = () => {}, mayGather }: SqliteOptions<T>): PlatformDatabase<T> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const { tables, platform } = schema.sqlite()
  const writer = openConnection(file)
  writer.raw.pragma('wal_autocheckpoint = 0')
  const reader = openConnection(file, { readonly: true })
  const checkpoints = startCheckpoints(file, {
    onLong: () => void enqueueCheckpoint(),
    onLost: () => writer.raw.pragma('wal_autocheckpoint = 1000'),
  })

  const open = openGuard(schema.module)
  const readGuard: Guard = { ...open, check: () => (open.check(), refuseInTransaction()) }
  const read = bindQueries(reader.queries(readGuard))
  // Between two groups the writer sees what is committed, and has in memory what a reader would read again after each commit.
  const readOfWriter = bindQueries(writer.queries(readGuard, { readonly: true }))
  const runRead = betweenGroups(preparedCache(readOfWriter, tables, sqliteNow), preparedCache(read, tables, sqliteNow))
  const runReadPlatform = betweenGroups(preparedCache(readOfWriter, platform, sqliteNow), preparedCache(read, platform, sqliteNow))
  const readRows: Rows = (text, params) => reader.rows(text, params, readGuard)
  const readPrepared = betweenGroups<Rows>((text, params) => writer.rows(text, params, readGuard, { readonly: true }), readRows)
  // What was accepted before close still runs.
  const writable = openGuard(schema.module)
  const runWrite = preparedCache(writer.queries(writable), tables, sqliteNow)
  const runWritePlatform = preparedCache(writer.queries(writable), platform, sqliteNow)
  const listeners = commitListeners(onError)
  const group = groupCommit(groupedWriter(writer), { ...(mayGather && { mayGather }) })

  const kit: StatementKit = { dialect: 'sqlite', platform, now: sqliteNow }
  const textOf = statementTexts(kit, writer.toQuery)

  const rawOf = (rows: Rows, prepared: Rows, run: RawDialect['run']): RawDialect => ({
    ...kit,
    rows: async <R>(query: SQL) => {
      const { sql, params } = writer.toQuery(query)
      return rows<R>(sql, params)
    },
    run,
    execute: async <R>(statement: PreparedStatement<any, R>, values: object) => {
      const { text, bind } = textOf(statement)
      return prepared<R>(text, bind(values))
    },
  })

  /** A group may wait in its midst: who reads then must not see what is not committed yet. */
  function betweenGroups<F extends (...args: never[]) => unknown>(between: F, during: F): F {
    return ((...args) => (writer.raw.inTransaction ? during : between)(...args)) as F
  }

  async function platformTransaction<R>(
    work: (tx: Transaction<T>, raw: RawTransaction) => Promise<R>,
    { background = false }: TransactionOptions = {},
  ): Promise<R> {
    open.check()
    refuseNested()
    const inCallersContext = AsyncLocalStorage.snapshot()
    let notices = noNotices()
    const run = () => {
      // A second run collects anew.
      notices = noNotices()
      const scope = transactionScope()
      const rows: Rows = (text, params) => writer.rows(text, params, scope)
      const { tx, raw } = composeTransaction({
        queries: () => writer.queries(scope),
        tables,
        run: inScope(scope, runWrite),
        raw: rawOf(rows, rows, inScope(scope, runWritePlatform)),
        hooks,
        notices,
      })
      return inCallersContext(() =>
        runScoped(scope, () => withContext({ transaction: true }, () => work(tx, raw)), watchAwaiting))
    }
    try {
      const value = await group.enqueue(run, { background })
      listeners.tell(notices)
      return value
    } catch (error) {
      throw asProblem(error)
    }
  }

  /** Between two groups, so that it moves only what came since the worker's last round. */
  const enqueueCheckpoint = () =>
    group.between(() => {
      if (writer.raw.open) writer.raw.pragma('wal_checkpoint(PASSIVE)')
    }).catch(onError)

  /** Nobody waits for a reader in this thread: it would stand still. */
  async function dropOverwritten(): Promise<boolean> {
    let emptied = false
    await group.between(() => {
      writer.raw.pragma('busy_timeout = 0')
      try {
        const [result] = writer.raw.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[]
        emptied = result?.busy === 0
      } finally {
        writer.raw.pragma('busy_timeout = 5000')
      }
    })
    return emptied
  }

  const held = new Set<string>()

  return {
    dialect: 'sqlite',
    module: schema.module,
    tables,
    read,
    run: async (query, values) => runRead(query, values),
    raw: { ...read, ...rawOf(readRows, readPrepared, async (query, values) => runReadPlatform(query, values)) },
    transaction: (work, options) => platformTransaction((tx) => work(tx), options),
    platformTransaction,
    dropOverwritten,
    onCommit: listeners.add,
    async lock(name): Promise<Lock | undefined> {
      if (held.has(name)) return undefined
      held.add(name)
      return { lost: new AbortController().signal, release: async () => void held.delete(name) }
    },
    async close() {
      open.close()
      await group.idle()
      writable.close()
      await checkpoints.stop()
      reader.raw.close()
      writer.raw.close()
    },
  }
}

/** What a prepared query of the shared cache may do within one transaction. */
const inScope =
  <T>(scope: TransactionScope, run: ReturnType<typeof preparedCache<T>>) =>
  async <V, R>(query: PreparedQuery<T, V, R>, values: V): Promise<R> => {
    scope.check()
    try {
      return await run(query, values)
    } catch (error) {
      scope.failed(error)
      throw error
    }
  }

function groupedWriter({ raw }: SqliteConnection): GroupedWriter {
  const statement = (text: string) => {
    const prepared = raw.prepare(text)
    return () => void prepared.run()
  }
  const rollbackTo = statement('ROLLBACK TO member')
  const release = statement('RELEASE member')
  const commit = statement('COMMIT')
  return {
    begin: statement('BEGIN IMMEDIATE'),
    commit: () => {
      failpoint('before-commit')
      commit()
      failpoint('after-commit')
    },
    rollback: statement('ROLLBACK'),
    savepoint: statement('SAVEPOINT member'),
    release,
    rollbackToSavepoint: () => {
      rollbackTo()
      release()
    },
    inTransaction: () => raw.inTransaction,
  }
}
