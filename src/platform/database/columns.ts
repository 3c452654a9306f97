import * as pg from 'drizzle-orm/pg-core'
import * as lite from 'drizzle-orm/sqlite-core'

/** Column names are the properties' in snake_case; one setting for queries, raw SQL and migrations. */
export const casing = 'snake_case'

const pgBytes = pg.customType<{ data: Uint8Array; driverData: Uint8Array }>({
  dataType: () => 'bytea',
  toDriver: (value) => Buffer.from(value.buffer, value.byteOffset, value.byteLength),
  fromDriver: plainBytes,
})

const pgJson = pg.customType<{ data: unknown; driverData: unknown }>({
  dataType: () => 'jsonb',
  toDriver: (value) => JSON.stringify(value),
  // drizzle's own jsonb parses a stored string a second time, so that "1" came back as 1.
  fromDriver: (value) => value,
})

const liteBytes = lite.customType<{ data: Uint8Array; driverData: Uint8Array }>({
  dataType: () => 'blob',
  toDriver: (value) => Buffer.from(value.buffer, value.byteOffset, value.byteLength),
  fromDriver: plainBytes,
})

/** Both drivers answer with a Buffer, whose slice() and JSON differ from what a Uint8Array promises. */
function plainBytes(value: Uint8Array): Uint8Array {
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}

/** Called with the name of each table that an organization's rows live in. */
type OnTenantTable = (name: string) => void

type Columns = Record<string, pg.PgColumnBuilderBase>
type TenantColumns = Columns & { organizationId: pg.PgColumnBuilderBase }

/** The name of a module's Postgres schema, and of the role that alone may use it. */
export const postgresSchemaName = (module: string): string => `vellum_${module.replaceAll('-', '_')}`

/**
 * The columns, tables and indexes that both dialects can hold without a difference that a query could see:
 *
 * | kit         | Postgres       | SQLite                | TypeScript                            |
 * |-------------|----------------|-----------------------|---------------------------------------|
 * | `id` `text` | text           | text                  | string                                |
 * | `bool`      | boolean        | integer, 0 or 1       | boolean                               |
 * | `integer`   | bigint         | integer               | number, safe integers                 |
 * | `instant`   | timestamptz(3) | integer, milliseconds | Date                                  |
 * | `json`      | jsonb          | text                  | JSON; the order of keys may not last  |
 * | `bytes`     | bytea          | blob                  | Uint8Array                            |
 *
 * Columns are the property names in snake_case. Texts sort differently in the two: order by ids, numbers and instants.
 */
export const postgresKit = (module: string, onTenantTable: OnTenantTable) => {
  const schema = pg.pgSchema(postgresSchemaName(module))
  return {
    /** A primary key or a reference to one. UUIDv7 where the public never sees it: fewer dirty pages. */
    id: () => pg.text(),
    text: () => pg.text(),
    bool: () => pg.boolean(),
    integer: () => pg.bigint({ mode: 'number' }),
    instant: () => pg.timestamp({ withTimezone: true, mode: 'date', precision: 3 }),
    json: <T>() => pgJson().$type<T>(),
    bytes: () => pgBytes(),

    /** A table whose rows no organization owns: it belongs to the module, or to the installation. */
    table: <N extends string, C extends Columns>(
      name: N,
      columns: C,
      extra?: (table: Parameters<NonNullable<Parameters<typeof schema.table<N, C>>[2]>>[0]) => pg.PgTableExtraConfigValue[],
    ) => schema.table(name, columns, extra),

    /**
     * A table whose every row belongs to the organization in its `organizationId`. On Postgres, row-level security hides
     * the rows of other organizations from whatever runs in the context of one; the installation's own stay visible.
     */
    tenantTable: <N extends string, C extends TenantColumns>(
      name: N,
      columns: C,
      extra?: (table: Parameters<NonNullable<Parameters<typeof schema.table<N, C>>[2]>>[0]) => pg.PgTableExtraConfigValue[],
    ) => {
      onTenantTable(name)
      return schema.table(name, columns, extra)
    },

    /** Of several columns: `kit.primaryKey({ columns: [t.family, t.key] })`; of one: `kit.id().primaryKey()`. */
    primaryKey: pg.primaryKey,
    /**
     * `kit.index('credentials_by_batch').on(t.batchId)`; the name is unique in the module. `.where(sql…)` makes it partial:
     * write the values as literals there and in the query too, because a bound parameter never matches a partial index.
     */
    index: pg.index,
    uniqueIndex: pg.uniqueIndex,
  }
}

export type ColumnKit = ReturnType<typeof postgresKit>

/** The same calls, building SQLite tables. This cast is the only one: queries are typed as Postgres in both. */
export const sqliteKit = (_module: string, onTenantTable: OnTenantTable): ColumnKit => ({
  id: () => lite.text(),
  text: () => lite.text(),
  bool: () => lite.integer({ mode: 'boolean' }),
  integer: () => lite.integer(),
  instant: () => lite.integer({ mode: 'timestamp_ms' }),
  json: () => lite.text({ mode: 'json' }),
  bytes: () => liteBytes(),
  table: (name: string, columns: any, extra?: any) => lite.sqliteTable(name, columns, extra),
  tenantTable: (name: string, columns: any, extra?: any) => {
    onTenantTable(name)
    return lite.sqliteTable(name, columns, extra)
  },
  primaryKey: lite.primaryKey,
  index: lite.index,
  uniqueIndex: lite.uniqueIndex,
}) as unknown as ColumnKit
