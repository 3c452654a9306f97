import { type ColumnKit, postgresKit, sqliteKit } from './columns.ts'
import { type PlatformTables, platformTables } from './platform-tables.ts'

/** The tables of one dialect: the module's own, the platform's beside them, and which of all belong to organizations. */
export interface SchemaTables<T> {
  readonly tables: T
  readonly platform: PlatformTables
  /** Names in the database, not properties. */
  readonly tenantTables: readonly string[]
}

/** One module's tables, written once for both dialects. The platform's own tables are always among them. */
export interface Schema<T = unknown> {
  readonly module: string
  sqlite(): SchemaTables<T>
  postgres(): SchemaTables<T>
}

/**
 * Declares a module's tables. A module exports the result as `schema` from its `tables.ts`, which imports nothing but this
 * and drizzle: the migrations are generated from it.
 *
 * ```ts
 * export const schema = defineSchema('issuance', (kit) => ({
 *   credentials: kit.tenantTable('credentials', {
 *     id: kit.id().primaryKey(),
 *     organizationId: kit.text().notNull(),
 *     issuedAt: kit.instant(),
 *   }, (t) => [kit.index('credentials_by_organization').on(t.organizationId, t.issuedAt)]),
 * }))
 * ```
 */
export function defineSchema<T>(module: string, build: (kit: ColumnKit) => T): Schema<T> {
  const buildWith = (kitOf: typeof postgresKit): SchemaTables<T> => {
    const tenantTables: string[] = []
    const kit = kitOf(module, (name) => tenantTables.push(name))
    return { tables: build(kit), platform: platformTables(kit), tenantTables }
  }
  return { module, sqlite: once(() => buildWith(sqliteKit)), postgres: once(() => buildWith(postgresKit)) }
}

/** Tables are compared by identity in joins, so each dialect is built at most once. */
function once<R>(make: () => R): () => R {
  let made: { value: R } | undefined
  return () => (made ??= { value: make() }).value
}
