import { join } from 'node:path'
import { postgresSchemaName } from './columns.ts'
import type { Migration } from './migration.ts'
import { migratePostgres } from './migrate-postgres.ts'
import { migrateSqlite } from './migrate-sqlite.ts'
import { openPostgres } from './postgres.ts'
import type { Schema } from './schema.ts'
import { openSqlite } from './sqlite.ts'
import type { PlatformDatabase, TransactionHooks } from './transaction.ts'
import type { Dialect } from './database.ts'

/** `sqlite:{folder}`, with a file per module in it, or `postgres://…`, with a schema per module in that database. */
export type DatabaseUrl = string

export function dialectOf(url: DatabaseUrl): Dialect {
  if (url.startsWith('sqlite:')) return 'sqlite'
  if (/^postgres(ql)?:\/\//.test(url)) return 'postgres'
  throw new Error('DATABASE_URL begins with sqlite: or postgres://.')
}

/** The folder of `sqlite:./data`. */
export const sqliteFolder = (url: DatabaseUrl): string => url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '')

export const sqliteFile = (url: DatabaseUrl, module: string): string => join(sqliteFolder(url), `${module}.sqlite`)

/**
 * Brings a module's database to the newest schema; run before `openDatabase`. Several processes may start at once on Postgres.
 * @param migrations of this dialect, in any order
 * @param guards statements run after the migrations at every start, so safe to run again: triggers of the audit
 * @returns the names of those that it applied
 * @throws one sentence when the database is newer than the code, or an applied migration was edited
 */
export async function migrateDatabase(options: {
  schema: Schema<any>
  url: DatabaseUrl
  migrations: readonly Migration[]
  guards?: (dialect: Dialect, postgresSchema: string) => readonly string[]
}): Promise<string[]> {
  const { schema, url } = options
  const dialect = dialectOf(url)
  const guards = options.guards?.(dialect, postgresSchemaName(schema.module)) ?? []
  const migrations = options.migrations.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return dialect === 'sqlite'
    ? migrateSqlite(schema.module, sqliteFile(url, schema.module), migrations, guards)
    : migratePostgres(schema.module, url, migrations, guards, schema.postgres().tenantTables)
}

/** Opens a module's migrated database. On SQLite the caller holds `lockDataDirectory(sqliteFolder(url))`. */
export async function openDatabase<T>(options: {
  schema: Schema<T>
  url: DatabaseUrl
  hooks: TransactionHooks
  onError?: (error: unknown) => void
  /** Of SQLite, which has one writer: asked each time whether background work may wait for more of its kind. */
  mayGather?: () => boolean
}): Promise<PlatformDatabase<T>> {
  const { url, mayGather, ...rest } = options
  return dialectOf(url) === 'sqlite'
    ? openSqlite({ ...rest, ...(mayGather && { mayGather }), file: sqliteFile(url, rest.schema.module) })
    : openPostgres({ ...rest, url })
}
