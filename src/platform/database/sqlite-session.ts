import { type DriverValueDecoder, is, Param, Placeholder, type Query, SQL } from 'drizzle-orm'
import { BetterSQLiteSession } from 'drizzle-orm/better-sqlite3/session'
import { SQLiteColumn } from 'drizzle-orm/sqlite-core'

type Values = Readonly<Record<string, unknown>>
type Prepared = ReturnType<BetterSQLiteSession<any, any>['prepareQuery']>
type Fields = Parameters<BetterSQLiteSession<any, any>['prepareQuery']>[1]

/** The part of a better-sqlite3 statement that prepared queries use. */
interface Statement {
  run(...params: unknown[]): unknown
  raw(): { all(...params: unknown[]): unknown[][] }
}

/**
 * Drizzle looks at each parameter and each field of a prepared query anew whenever it runs, which takes longer than a small
 * statement; here both are looked at once. A null stays null, whatever the column makes of other values.
 */
export class CompilingSession extends BetterSQLiteSession<any, any> {
  override prepareQuery(...args: Parameters<BetterSQLiteSession<any, any>['prepareQuery']>): any {
    const prepared = super.prepareQuery(...args)
    const [query, fields, , , customResultMapper] = args
    if (customResultMapper) return prepared
    const { stmt: statement } = prepared as unknown as { stmt: Statement }
    const bind = binder(query)
    prepared.run = (values) => statement.run(...bind(values)) as ReturnType<Prepared['run']>
    const read = reader(fields)
    // Rows of a join, one of whose sides may be missing, are drizzle's business.
    if (read) prepared.all = (values) => statement.raw().all(...bind(values)).map(read)
    return prepared
  }
}

function binder({ params }: Query): (values: Values | undefined) => unknown[] {
  const getters = params.map((param): ((values: Values) => unknown) | undefined => {
    if (is(param, Placeholder)) return (values) => valueOf(values, param.name)
    if (!is(param, Param) || !is(param.value, Placeholder)) return undefined
    const { encoder, value: { name } } = param
    return (values) => {
      const value = valueOf(values, name)
      return value === null ? null : encoder.mapToDriverValue(value)
    }
  })
  if (getters.every((get) => get === undefined)) return () => params
  return (values = {}) => getters.map((get, at) => (get ? get(values) : params[at]))
}

function valueOf(values: Values, name: string): unknown {
  const value = values[name]
  if (value === undefined) throw new Error(`A prepared query was run without a value for ${name}.`)
  return value
}

/** Undefined where fields are nested. */
function reader(fields: Fields): ((row: unknown[]) => Record<string, unknown>) | undefined {
  if (!fields || fields.some(({ path }) => path.length > 1)) return undefined
  const columns = fields.map(({ path, field }) => [path[0]!, decoderOf(field)] as const)
  return (row) => {
    const read: Record<string, unknown> = {}
    for (let at = 0; at < columns.length; at++) {
      const [name, decoder] = columns[at]!
      const value = row[at]
      read[name] = value === null ? null : decoder.mapFromDriverValue(value)
    }
    return read
  }
}

function decoderOf(field: unknown): DriverValueDecoder<unknown, unknown> {
  if (is(field, SQLiteColumn)) return field
  const { decoder } = (is(field, SQL) ? field : (field as { sql: SQL }).sql) as unknown as { decoder: DriverValueDecoder<unknown, unknown> }
  return decoder
}
