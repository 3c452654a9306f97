import { getTableColumns, is, type SQL, sql } from 'drizzle-orm'
import { toSnakeCase } from 'drizzle-orm/casing'
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import { inContext } from '../context.ts'
import { postgresSchemaName } from './columns.ts'
import type { Schema } from './schema.ts'
import type { PlatformDatabase, RawQueries } from './transaction.ts'

/** A column that may hold sealed values: each that holds bytes, in the words of both databases. */
export interface SealedColumn {
  readonly table: string
  readonly column: string
  /** Of the primary key. */
  readonly key: readonly string[]
  readonly hasOrganization: boolean
}

/** Where values may be sealed: every column of bytes of the module's own tables and of the platform's beside them. */
export function sealedColumns(schema: Schema): SealedColumn[] {
  const { tables, platform } = schema.postgres()
  return Object.values({ ...platform, ...(tables as Record<string, unknown>) })
    .filter((table) => is(table, PgTable))
    .flatMap((table) => {
      const { name, columns, primaryKeys } = getTableConfig(table as PgTable)
      const called = (column: { keyAsName: boolean; name: string }) => (column.keyAsName ? toSnakeCase(column.name) : column.name)
      const key = [...columns.filter((column) => column.primary), ...primaryKeys.flatMap((primary) => primary.columns)].map((column) => called(column))
      const hasOrganization = 'organizationId' in getTableColumns(table as PgTable)
      return columns
        .filter((column) => column.getSQLType() === 'bytea')
        .map((column) => ({ table: name, column: called(column), key, hasOrganization }))
    })
}

type Where = Pick<PlatformDatabase, 'raw' | 'module'>

const names = (columns: readonly string[]): SQL => sql.join(columns.map((column) => sql.identifier(column)), sql`, `)

const tableOf = (raw: RawQueries, module: string, { table }: SealedColumn): SQL =>
  raw.dialect === 'sqlite' ? sql`${sql.identifier(table)}` : sql`${sql.identifier(postgresSchemaName(module))}.${sql.identifier(table)}`

/** Whether a value begins like one of these, which may differ in length. */
function beginsLike(column: string, beginnings: readonly Uint8Array[]): SQL {
  const byLength = [...Map.groupBy(beginnings, ({ length }) => length)]
  const each = byLength.map(([length, same]) =>
    sql`substr(${sql.identifier(column)}, 1, ${sql.raw(String(length))}) in (${sql.join(same.map((one) => sql`${Buffer.from(one)}`), sql`, `)})`)
  return sql`(${sql.join(each, sql` or `)})`
}

// Without an organization in the context, so that the rows of all are seen.
const rowsOf = <R>({ raw }: Where, query: SQL): Promise<R[]> => inContext({}, () => raw.rows<R>(query))

/** How many values of a column begin like one of these. */
export async function countBeginning(database: Where, column: SealedColumn, beginnings: readonly Uint8Array[]): Promise<number> {
  const [row] = await rowsOf<{ found: unknown }>(database, sql`
    select count(*) as found from ${tableOf(database.raw, database.module, column)} where ${beginsLike(column.column, beginnings)}`)
  return Number(row!.found)
}

/** Columns by their names in the database. */
export type FoundRow = Readonly<Record<string, unknown>>

/** Rows whose value begins like one of these, in the order of their key: at most `limit` behind the last one seen. */
export function rowsBeginning(
  database: Where, column: SealedColumn, beginnings: readonly Uint8Array[], { last, limit }: { last: FoundRow | undefined; limit: number },
): Promise<FoundRow[]> {
  const { key, hasOrganization } = column
  const selected = [...new Set([...key, ...(hasOrganization ? ['organization_id'] : []), column.column])]
  const behind = last === undefined ? sql`` : sql` and (${names(key)}) > (${sql.join(key.map((name) => sql`${last[name]}`), sql`, `)})`
  return rowsOf(database, sql`select ${names(selected)} from ${tableOf(database.raw, database.module, column)}
    where ${beginsLike(column.column, beginnings)}${behind} order by ${names(key)} limit ${sql.raw(String(limit))}`)
}

/** Puts other bytes in the place of these, in one commit; a value that is another by now is left alone. @returns how many it replaced */
export function replaceValues(
  database: Pick<PlatformDatabase, 'module' | 'platformTransaction'>, column: SealedColumn,
  values: readonly { readonly row: FoundRow; readonly from: Uint8Array; readonly to: Uint8Array }[],
): Promise<number> {
  const name = sql.identifier(column.column)
  return inContext({}, () => database.platformTransaction(async (_, raw) => {
    let replaced = 0
    for (const { row, from, to } of values) {
      const same = column.key.map((part) => sql`${sql.identifier(part)} = ${row[part]}`)
      const rows = await raw.rows(sql`update ${tableOf(raw, database.module, column)} set ${name} = ${Buffer.from(to)}
        where ${sql.join(same, sql` and `)} and ${name} = ${Buffer.from(from)} returning 1 as one`)
      replaced += rows.length
    }
    return replaced
  }, { background: true }))
}

/** Ids of organizations are UUIDs. */
const idLength = 36

/**
 * How many values of a column there are by the bytes with which they begin up to the version of the key, of those that are sealed with the key of the
 * installation, or of the organization whose row it is.
 */
export async function ownBeginnings(database: Where, column: SealedColumn, installation: string): Promise<{ beginning: Uint8Array; found: number }[]> {
  const { raw } = database
  const asBytes = (text: SQL) => (raw.dialect === 'sqlite' ? sql`cast(${text} as blob)` : sql`convert_to(${text}, 'UTF8')`)
  const value = sql.identifier(column.column)
  const owner = column.hasOrganization ? 'organization_id' : column.key[0]!
  const of = [[installation.length, asBytes(sql`${installation}`)], [idLength, asBytes(sql`cast(${sql.identifier(owner)} as text)`)]] as const
  const found = []
  for (const [length, subject] of of) {
    const beginning = sql`substr(${value}, 1, ${sql.raw(String(3 + length + 4))})`
    found.push(...await rowsOf<{ beginning: Uint8Array; found: unknown }>(database, sql`
      select ${beginning} as beginning, count(*) as found from ${tableOf(raw, database.module, column)}
      where substr(${value}, 4, ${sql.raw(String(length))}) = ${subject} group by ${beginning}`))
  }
  return found.map((row) => ({ beginning: row.beginning, found: Number(row.found) }))
}
