import { is, type Placeholder, type SQL } from 'drizzle-orm'
import { ExecuteResultSync } from 'drizzle-orm/sqlite-core/session'
import type { Queries } from './database.ts'
import type { PlatformTables } from './platform-tables.ts'

/** What drizzle's builders have in common once they are complete. */
interface Preparable<R> {
  prepare(name: string): { execute(values?: Record<string, unknown>): Promise<R> }
}

/** The present instant by the database's clock; with an offset in milliseconds, which may be a placeholder. */
export type DatabaseNow = (offsetMs?: number | Placeholder) => SQL<Date>

/** A query that is built once per connection instead of at each use. */
export interface PreparedQuery<T, V, R> {
  readonly build: (queries: Queries, tables: T, now: DatabaseNow) => Preparable<R>
  /** Carries the type of the values; never set. */
  readonly values?: V
}

/**
 * Declares a query for the paths that run often. Building one costs some 50 µs, running a prepared one a few.
 *
 * ```ts
 * const credentialById = preparedQuery<Tables, { id: string }>()((queries, { credentials }) =>
 *   queries.select().from(credentials).where(eq(credentials.id, sql.placeholder('id'))))
 * const [credential] = await tx.run(credentialById, { id })   // or database.run(…) outside a transaction
 * ```
 */
export const preparedQuery = <T, V extends Record<string, unknown> = Record<string, never>>() =>
  <R>(build: PreparedQuery<T, V, R>['build']): PreparedQuery<T, V, R> => ({ build })

/** As `preparedQuery`, over the tables that the platform has in every module's database: for `RawQueries.run`. */
export const platformQuery = <V extends Record<string, unknown>>() => preparedQuery<PlatformTables, V>()

type Executable = ReturnType<Preparable<unknown>['prepare']>

/** Prepares each query once for one connection; the name is what Postgres keeps it under. */
export function preparedCache<T>(queries: Queries, tables: T, now: DatabaseNow) {
  const made = new WeakMap<PreparedQuery<any, any, any>, Executable>()
  return <V, R>(query: PreparedQuery<T, V, R>, values: V): R | Promise<R> => {
    let executable = made.get(query)
    if (!executable) {
      executable = query.build(queries, tables, now).prepare(nameOf(query))
      made.set(query, executable)
    }
    const result = executable.execute(values as Record<string, unknown>)
    // SQLite has the result at once.
    return (is(result, ExecuteResultSync) ? result.sync() : result) as R | Promise<R>
  }
}

const names = new WeakMap<object, string>()
let count = 0

function nameOf(query: object): string {
  let name = names.get(query)
  if (name === undefined) names.set(query, (name = `vellum_${++count}`))
  return name
}
