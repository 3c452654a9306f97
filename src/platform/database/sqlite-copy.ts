import { fromSqliteError } from './database-error.ts'
import { openConnection } from './sqlite-connection.ts'
import { type ColumnKind, copiedAtOnce, type CopiedRow, type CopiedValue, type Loader, type Snapshot, type TableShape } from './table-shapes.ts'

const listOf = ({ columns }: TableShape): string => columns.map(([name]) => `"${name}"`).join(', ')

/** A read-only connection in a transaction: SQLite shows it one moment while the writer goes on. The log grows meanwhile. */
export async function openSqliteSnapshot(file: string): Promise<Snapshot> {
  const { raw } = openConnection(file, { readonly: true })
  try {
    raw.exec('begin')
    // The moment is that of the first read.
    const takenAt = new Date(raw.prepare(`select cast(unixepoch('subsec') * 1000 as integer)`).pluck().get() as number)
    const migrations = raw.prepare('select name from vellum_migrations order by name').pluck().all() as string[]
    return {
      takenAt,
      migrations,
      async *rows(shape) {
        const kinds = shape.columns.map(([, kind]) => kind)
        let rows: CopiedRow[] = []
        for (const row of raw.prepare(`select ${listOf(shape)} from "${shape.table}"`).raw().iterate()) {
          rows.push((row as unknown[]).map((value, at) => copied(kinds[at]!, value)))
          if (rows.length < copiedAtOnce) continue
          yield rows
          rows = []
        }
        if (rows.length > 0) yield rows
      },
      close: async () => void raw.close(),
    }
  } catch (error) {
    raw.close()
    throw error
  }
}

function copied(kind: ColumnKind, value: unknown): CopiedValue {
  if (value === null) return null
  if (kind === 'bytes') return (value as Buffer).toString('base64')
  if (kind === 'bool') return value === 1
  return value as string | number
}

export async function openSqliteLoader(file: string): Promise<Loader> {
  const { raw } = openConnection(file)
  return {
    async insert(shape, rows) {
      const places = shape.columns.map(() => '?').join(', ')
      const statement = raw.prepare(`insert into "${shape.table}" (${listOf(shape)}) values (${places})`)
      const kinds = shape.columns.map(([, kind]) => kind)
      try {
        raw.transaction(() => {
          for (const row of rows) statement.run(...row.map((value, at) => stored(kinds[at]!, value)))
        }).immediate()
      } catch (error) {
        throw fromSqliteError(error)
      }
    },
    async finish() {
      raw.pragma('wal_checkpoint(TRUNCATE)')
    },
    close: async () => void raw.close(),
  }
}

function stored(kind: ColumnKind, value: CopiedValue): unknown {
  if (value === null) return null
  if (kind === 'bytes') return Buffer.from(value as string, 'base64')
  if (kind === 'bool') return value ? 1 : 0
  return value
}
