import { createRequire } from 'node:module'
import type { Dialect } from '#platform/database/database.ts'
import type { Migration } from '#platform/database/migration.ts'
import type { Schema } from '#platform/database/schema.ts'

// The ES module of this package calls require.
const kit = createRequire(import.meta.url)('drizzle-kit/api') as typeof import('drizzle-kit/api')

/** A first migration straight from a schema's tables, for tests that bring a schema of their own. */
export function initialMigration(schema: Schema<any>, dialect: Dialect): Promise<Migration> {
  const made = cache[dialect].get(schema) ?? generate(schema, dialect)
  cache[dialect].set(schema, made)
  return made
}

const cache = { sqlite: new WeakMap<Schema, Promise<Migration>>(), postgres: new WeakMap<Schema, Promise<Migration>>() }

async function generate(schema: Schema, dialect: Dialect): Promise<Migration> {
  const { tables, platform } = schema[dialect]()
  const all = { ...(tables as Record<string, unknown>), ...platform }
  const statements = dialect === 'sqlite'
    ? await kit.generateSQLiteMigration(
        await kit.generateSQLiteDrizzleJson({}), await kit.generateSQLiteDrizzleJson(all, undefined, 'snake_case'))
    : await kit.generateMigration(
        kit.generateDrizzleJson({}), kit.generateDrizzleJson(all, undefined, undefined, 'snake_case'))
  return { name: '0000-initial', sql: statements.filter((sql) => !sql.startsWith('CREATE SCHEMA')).join('\n') }
}
