import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as drizzleKit from 'drizzle-kit/api'
import { casing, postgresSchemaName } from '../../src/platform/database/columns.ts'
import type { Dialect } from '../../src/platform/database/database.ts'
import type { Schema } from '../../src/platform/database/schema.ts'

export interface GeneratedMigration {
  readonly dialect: Dialect
  readonly folder: string
  /** Empty when the migrations are up to date. */
  readonly sql: string
  /** drizzle-kit's picture of the schema, which the next migration starts from. */
  readonly snapshot: string
}

/** What brings the schema of the snapshots in `{folder}/{dialect}/` to the one in the code, in drizzle-kit's words. */
export async function generateMigrations(schema: Schema<any>, folder: string): Promise<GeneratedMigration[]> {
  return [await forSqlite(schema, join(folder, 'sqlite')), await forPostgres(schema, join(folder, 'postgres'))]
}

async function forSqlite(schema: Schema<any>, folder: string): Promise<GeneratedMigration> {
  const before = previous(folder) ?? (await drizzleKit.generateSQLiteDrizzleJson({}))
  const { tables, platform } = schema.sqlite()
  const now = await drizzleKit.generateSQLiteDrizzleJson({ ...platform, ...tables }, before.id, casing)
  return generated('sqlite', folder, await drizzleKit.generateSQLiteMigration(before, now), now)
}

async function forPostgres(schema: Schema<any>, folder: string): Promise<GeneratedMigration> {
  const before = previous(folder) ?? drizzleKit.generateDrizzleJson({})
  const { tables, platform } = schema.postgres()
  const filter = [postgresSchemaName(schema.module)]
  const now = drizzleKit.generateDrizzleJson({ ...platform, ...tables }, before.id, filter, casing)
  return generated('postgres', folder, await drizzleKit.generateMigration(before, now), now)
}

const generated = (dialect: Dialect, folder: string, statements: string[], snapshot: unknown): GeneratedMigration => ({
  dialect,
  folder,
  sql: statements.length === 0 ? '' : statements.join('\n').trimEnd() + '\n',
  snapshot: JSON.stringify(snapshot, null, 1) + '\n',
})

function previous(folder: string): any {
  const file = join(folder, 'snapshot.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}
