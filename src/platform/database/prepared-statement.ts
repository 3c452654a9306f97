import { is, Placeholder, placeholder, type Query, type SQL, sql } from 'drizzle-orm'
import type { Dialect } from './database.ts'
import type { PlatformTables } from './platform-tables.ts'
import type { DatabaseNow } from './prepared.ts'

/** What a statement of the platform is written with. */
export interface StatementKit {
  readonly dialect: Dialect
  readonly platform: PlatformTables
  /** As a value of an `instant` column. */
  readonly now: DatabaseNow
}

/** A raw statement whose text is made once per database instead of at each use. */
export interface PreparedStatement<V, R> {
  readonly build: (kit: StatementKit) => SQL
  /** Carry the types of the values and of a row; never set. */
  readonly values?: V
  readonly row?: R
}

/**
 * Declares a raw statement for the paths that run often, with `placeholder('name')` where a value goes. Making the text
 * costs up to 100 µs, running a prepared one a few.
 *
 * ```ts
 * const dueAt = preparedStatement<{ kind: string }, { due: unknown }>(({ platform }) =>
 *   sql`select min(due_at) as due from ${platform.steps} where kind = ${placeholder('kind')}`)
 * const [row] = await raw.execute(dueAt, { kind })
 * ```
 */
export const preparedStatement = <V extends object, R = never>(
  build: PreparedStatement<V, R>['build'],
): PreparedStatement<V, R> => ({ build })

const recordTypes = {
  text: { postgres: sql.raw('text') },
  integer: { postgres: sql.raw('bigint') },
  json: { postgres: sql.raw('jsonb') },
}

/**
 * A value of many records as a table: its placeholder takes their array as JSON text, so that one statement serves any number.
 * @param columns names as they stand in JSON and in SQL, each with its type
 */
export function recordset(
  { dialect }: StatementKit,
  name: string,
  columns: Readonly<Record<string, keyof typeof recordTypes>>,
): SQL {
  const all = Object.entries(columns)
  if (dialect === 'postgres') {
    const typed = all.map(([column, type]) => sql`${sql.identifier(column)} ${recordTypes[type].postgres}`)
    return sql`json_to_recordset(${placeholder(name)}) as records (${sql.join(typed, sql`, `)})`
  }
  const read = all.map(([column, type]) =>
    sql`value ${sql.raw(type === 'json' ? '->' : '->>')} ${sql.raw(`'$.${column}'`)} as ${sql.identifier(column)}`)
  return sql`(select ${sql.join(read, sql`, `)} from json_each(${placeholder(name)})) as records`
}

/** A statement's text, and what is bound to it in order. */
export interface BoundStatement {
  /** Under which Postgres keeps it. */
  readonly name: string
  readonly text: string
  bind(values: object): unknown[]
}

/** Makes the text of each statement once. */
export function statementTexts(kit: StatementKit, toQuery: (query: SQL) => Query) {
  const made = new WeakMap<PreparedStatement<any, any>, BoundStatement>()
  return (statement: PreparedStatement<any, any>): BoundStatement => {
    let bound = made.get(statement)
    if (!bound) {
      const { sql: text, params } = toQuery(statement.build(kit))
      const slots = params.map((param) => is(param, Placeholder)
        ? { name: String(param.name), value: undefined }
        : { name: undefined, value: param })
      const bind = (values: object) => slots.map(({ name, value }) => {
        if (name === undefined) return value
        const given = (values as Record<string, unknown>)[name]
        if (given === undefined) throw new Error(`A statement was given no value for ${name}.`)
        return given
      })
      bound = { name: nameOf(statement), text, bind }
      made.set(statement, bound)
    }
    return bound
  }
}

const names = new WeakMap<object, string>()
let count = 0

function nameOf(statement: object): string {
  let name = names.get(statement)
  if (name === undefined) names.set(statement, (name = `vellum_raw_${++count}`))
  return name
}
