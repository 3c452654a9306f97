import { is } from 'drizzle-orm'
import { toCamelCase, toSnakeCase } from 'drizzle-orm/casing'
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import type { Schema } from './schema.ts'

/** What a column holds, in words of the column kit: docs/decisions/0180. */
export type ColumnKind = 'text' | 'bool' | 'integer' | 'instant' | 'json' | 'bytes'

/** A table's name and columns as both databases call them. */
export interface TableShape {
  readonly table: string
  readonly columns: readonly (readonly [name: string, kind: ColumnKind])[]
}

/**
 * One value as it stands in a copy, the same whichever database it came from: an instant in milliseconds, bytes in base64,
 * JSON as its text.
 */
export type CopiedValue = string | number | boolean | null
export type CopiedRow = readonly CopiedValue[]

/** One moment of a module's database, read while others write. It holds a connection of its own. */
export interface Snapshot {
  /** By the database's clock, not later than the moment that is seen. */
  readonly takenAt: Date
  /** Names of the migrations that were applied. */
  readonly migrations: readonly string[]
  /** A few hundred rows at a time. */
  rows(shape: TableShape): AsyncIterable<readonly CopiedRow[]>
  close(): Promise<void>
}

/** Writes rows into a database that was just migrated and that nobody else uses yet. */
export interface Loader {
  insert(shape: TableShape, rows: readonly CopiedRow[]): Promise<void>
  /** Makes what was inserted durable. */
  finish(): Promise<void>
  close(): Promise<void>
}

/** Rows that are read, or written in one commit, at once. */
export const copiedAtOnce = 200

const kinds: Readonly<Record<string, ColumnKind>> = {
  text: 'text',
  boolean: 'bool',
  bigint: 'integer',
  'timestamp (3) with time zone': 'instant',
  jsonb: 'json',
  bytea: 'bytes',
}

/** Every table of a module, the platform's among them. */
export function tableShapes(schema: Schema<any>): TableShape[] {
  const { tables, platform } = schema.postgres()
  return Object.values({ ...platform, ...(tables as Record<string, unknown>) })
    .filter((table) => is(table, PgTable))
    .map((table) => {
      const { name, columns } = getTableConfig(table as PgTable)
      return {
        table: name,
        columns: columns.map((column) => {
          const kind = kinds[column.getSQLType()]
          if (!kind) throw new Error(`${name}.${column.name} has a type that no copy knows: ${column.getSQLType()}.`)
          return [column.keyAsName ? toSnakeCase(column.name) : column.name, kind] as const
        }),
      }
    })
}

/** A row given by its properties, as it stands in a copy. */
export function copiedRow({ columns }: TableShape, row: Readonly<Record<string, unknown>>): CopiedRow {
  return columns.map(([name, kind]) => {
    const value = row[toCamelCase(name)] ?? null
    if (value === null) return null
    if (kind === 'instant') return (value as Date).getTime()
    if (kind === 'json') return JSON.stringify(value)
    if (kind === 'bytes') return Buffer.from(value as Uint8Array).toString('base64')
    return value as CopiedValue
  })
}
