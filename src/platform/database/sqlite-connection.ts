import Sqlite from 'better-sqlite3'
import type { Query, SQL } from 'drizzle-orm'
import { BaseSQLiteDatabase, SQLiteSyncDialect } from 'drizzle-orm/sqlite-core'
import { casing } from './columns.ts'
import { fromSqliteError } from './database-error.ts'
import type { Queries } from './database.ts'
import type { Guard } from './guard.ts'
import { CompilingSession } from './sqlite-session.ts'

export interface SqliteConnection {
  readonly raw: Sqlite.Database
  /**
   * A query builder whose statements, prepared or not, run only while the guard lets them.
   * @param options `readonly`: it refuses what writes, on a connection that could
   */
  queries(guard: Guard, options?: { readonly?: boolean }): Queries
  toQuery(query: SQL): Query
  /** @param options `readonly`: it refuses what writes, on a connection that could */
  rows<R>(sql: string, params: readonly unknown[], guard: Guard, options?: { readonly?: boolean }): R[]
}

const statementsKept = 400
/** Of pages, for each connection; the operating system keeps the rest of the file at hand. */
const WRITER_CACHE_KB = 4_096
const READER_CACHE_KB = 2_048

/**
 * Opens one connection as every connection here is opened, and refuses settings that did not take: without WAL and
 * synchronous=FULL an answered commit could be lost with the power.
 */
export function openConnection(file: string, options: { readonly?: boolean } = {}): SqliteConnection {
  const raw = new Sqlite(file, options.readonly ? { readonly: true, fileMustExist: true } : {})
  // First, because the next pragmas may meet a lock themselves.
  raw.pragma('busy_timeout = 5000')
  if (!options.readonly) {
    raw.pragma('journal_mode = WAL')
    raw.pragma('synchronous = FULL')
    const [journal, synchronous] = [raw.pragma('journal_mode', { simple: true }), raw.pragma('synchronous', { simple: true })]
    if (journal !== 'wal' || synchronous !== 2) {
      raw.close()
      throw new Error(`${file} cannot use a write-ahead log with full synchronisation; put it on a local file system.`)
    }
    raw.pragma('foreign_keys = ON')
    // What was overwritten, the key of an erased person above all, leaves nothing in the pages that are written anyway.
    raw.pragma('secure_delete = FAST')
  }
  raw.pragma(`cache_size = -${options.readonly ? READER_CACHE_KB : WRITER_CACHE_KB}`)
  const statement = statementCache(raw)
  // It remembers how each column of a table's name is written: one for all queries here, and none for two modules.
  const dialect = new SQLiteSyncDialect({ casing })
  return {
    raw,
    queries(guard, { readonly = false } = {}) {
      const session = new CompilingSession(guardedClient(statement, guard, readonly) as never, dialect, undefined)
      return new BaseSQLiteDatabase('sync', dialect, session as never, undefined) as unknown as Queries
    },
    toQuery: (query) => dialect.sqlToQuery(query),
    rows: <R>(sql: string, params: readonly unknown[], guard: Guard, { readonly = false } = {}) => guarded(guard, () => {
      const prepared = statement(sql)
      if (readonly) refuseWriting(prepared)
      const bound = params.map(bindable)
      return (prepared.reader ? prepared.raw(false).all(...bound) : (prepared.run(...bound), [])) as R[]
    }),
  }
}

/** Preparing a statement costs more than running a small one; drizzle prepares at each use. */
function statementCache(raw: Sqlite.Database): (sql: string) => Sqlite.Statement {
  const kept = new Map<string, Sqlite.Statement>()
  return (sql) => {
    let statement = kept.get(sql)
    if (statement) {
      kept.delete(sql)
    } else {
      statement = raw.prepare(sql)
      if (kept.size >= statementsKept) kept.delete(kept.keys().next().value!)
    }
    kept.set(sql, statement)
    return statement
  }
}

function refuseWriting({ readonly }: Sqlite.Statement): void {
  if (!readonly) throw new Error('Write in a transaction; outside of one only reading is possible.')
}

/** The part of a better-sqlite3 database that drizzle's session calls. */
function guardedClient(statement: (sql: string) => Sqlite.Statement, guard: Guard, readonly: boolean) {
  return {
    prepare: (sql: string) => guarded(guard, () => {
      const prepared = statement(sql)
      if (readonly) refuseWriting(prepared)
      return guardedStatement(prepared, guard)
    }),
  }
}

/** @throws what SQLite failed with in the words of {@link fromSqliteError}; the guard is told */
function guarded<R>(guard: Guard, run: () => R): R {
  guard.check()
  try {
    return run()
  } catch (error) {
    const translated = fromSqliteError(error)
    guard.failed(translated)
    throw translated
  }
}

function guardedStatement(statement: Sqlite.Statement, guard: Guard) {
  const reading = (asArrays: boolean) => ({
    // The mode stays on the statement, which others share: set at each use.
    all: (...params: unknown[]) => guarded(guard, () => statement.raw(asArrays).all(...params.map(bindable))),
    get: (...params: unknown[]) => guarded(guard, () => statement.raw(asArrays).get(...params.map(bindable))),
  })
  return {
    reader: statement.reader,
    ...reading(false),
    raw: () => reading(true),
    /** Answers in the shape of node-postgres, because queries are typed as Postgres. */
    run: (...params: unknown[]) =>
      guarded(guard, () => ({ rowCount: statement.run(...params.map(bindable)).changes, rows: [] })),
  }
}

function bindable(value: unknown): unknown {
  if (value instanceof Date) return value.getTime()
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value instanceof Uint8Array && !Buffer.isBuffer(value)) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }
  return value
}
