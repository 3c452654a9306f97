import type pg from 'pg'
import { postgresSchemaName } from './columns.ts'
import { fromPostgresError } from './database-error.ts'
import { connectPostgres } from './postgres-connection.ts'
import { type ColumnKind, copiedAtOnce, type CopiedRow, type CopiedValue, type Loader, type Snapshot, type TableShape } from './table-shapes.ts'

const qualified = (module: string, table: string): string => `"${postgresSchemaName(module)}"."${table}"`

/** Text of every kind, so that no driver stands between: milliseconds of an instant, base64 of bytes. */
const selected = ([name, kind]: readonly [string, ColumnKind]): string => {
  if (kind === 'instant') return `cast(round(extract(epoch from "${name}") * 1000) as bigint)`
  if (kind === 'json') return `cast("${name}" as text)`
  return `"${name}"`
}

/** One REPEATABLE READ transaction on a connection of the module's role: no other module's tables, and no writes. */
export async function openPostgresSnapshot(module: string, url: string): Promise<Snapshot> {
  const client = await connectPostgres(url, module)
  try {
    await client.query('begin isolation level repeatable read read only')
    // Row-level security shows the platform's own work everything.
    await client.query(`select set_config('vellum.organization', '*', true)`)
    // The moment is that of the first query of a table; the transaction began before it.
    const { rows: [clock] } = await client.query<{ now: Date }>('select now() as now')
    const { rows } = await client.query<{ name: string }>(`select name from ${qualified(module, 'vellum_migrations')} order by name`)
    return {
      takenAt: clock!.now,
      migrations: rows.map(({ name }) => name),
      async *rows(shape) {
        const columns = shape.columns.map(selected).join(', ')
        await client.query(`declare copy no scroll cursor for select ${columns} from ${qualified(module, shape.table)}`)
        for (;;) {
          const page = await client.query({ text: `fetch ${copiedAtOnce} from copy`, rowMode: 'array' })
          if (page.rows.length > 0) yield page.rows.map((row: unknown[]) => row.map((value, at) => copied(shape.columns[at]![1], value)))
          if (page.rows.length < copiedAtOnce) break
        }
        await client.query('close copy')
      },
      close: () => client.end(),
    }
  } catch (error) {
    await client.end()
    throw fromPostgresError(error)
  }
}

function copied(kind: ColumnKind, value: unknown): CopiedValue {
  if (value === null) return null
  if (kind === 'bytes') return (value as Buffer).toString('base64')
  // The driver gives a bigint as text.
  if (kind === 'integer' || kind === 'instant') return Number(value)
  return value as string | boolean
}

export async function openPostgresLoader(module: string, url: string): Promise<Loader> {
  const client = await connectPostgres(url, module)
  await client.query(`select set_config('vellum.organization', '*', false)`)
  return {
    insert: (shape, rows) => insert(client, module, shape, rows),
    finish: async () => {},
    close: () => client.end(),
  }
}

/** One array for each column: a statement has at most 65,535 parameters. */
async function insert(client: pg.Client, module: string, shape: TableShape, rows: readonly CopiedRow[]): Promise<void> {
  const names = shape.columns.map(([name]) => `"${name}"`).join(', ')
  const arrays = shape.columns.map(([, kind], at) => `$${at + 1}::${arrayTypes[kind]}[]`).join(', ')
  const values = shape.columns.map(([name, kind]) => inserted(name, kind)).join(', ')
  const columns = shape.columns.map((_, at) => rows.map((row) => row[at]!))
  try {
    await client.query(
      `insert into ${qualified(module, shape.table)} (${names}) select ${values} from unnest(${arrays}) as copy (${names})`, columns)
  } catch (error) {
    throw fromPostgresError(error)
  }
}

const arrayTypes: Readonly<Record<ColumnKind, string>> =
  { text: 'text', bool: 'boolean', integer: 'bigint', instant: 'bigint', json: 'text', bytes: 'text' }

function inserted(name: string, kind: ColumnKind): string {
  if (kind === 'instant') return `timestamptz 'epoch' + "${name}" * interval '1 millisecond'`
  if (kind === 'json') return `cast("${name}" as jsonb)`
  if (kind === 'bytes') return `decode("${name}", 'base64')`
  return `"${name}"`
}

