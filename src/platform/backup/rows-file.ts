import { z } from 'zod'
import { copiedAtOnce, type CopiedRow, type Snapshot, type TableShape } from '../database/table-shapes.ts'

/**
 * The rows of a module as a file: docs/decisions/0180. A line of JSON each, UTF-8:
 *
 * ```
 * {"vellum":"rows","format":1,"module":"issuance","version":"0.1.0","takenAt":"…","migrations":["0001-initial"]}
 * {"table":"outbox","columns":[["id","text"],["sequence","integer"]]}       before the rows of each table
 * ["0198…",1]                                                              a row, in the order of the columns
 * {"end":true,"rows":1,"tables":{"outbox":1},"told":{}}                     a file without it was cut off
 * ```
 */
export const RowsHead = z.object({
  vellum: z.literal('rows'),
  format: z.literal(1),
  module: z.string(),
  version: z.string(),
  takenAt: z.iso.datetime(),
  migrations: z.array(z.string()),
})
export type RowsHead = z.output<typeof RowsHead>

const line = (value: unknown): string => `${JSON.stringify(value)}\n`

/** Rows of some tables, a few hundred at a time; what it returns at last is told in the last line. */
export type TableRows = AsyncGenerator<
  { readonly shape: TableShape; readonly rows: readonly CopiedRow[] },
  Readonly<Record<string, unknown>>
>

/** Every row of these tables, and how far the events are: by subscription what was applied, by family what was published. */
export async function* rowsOfSnapshot(snapshot: Snapshot, shapes: readonly TableShape[]): TableRows {
  const applied: Counts = {}
  const published: Counts = {}
  for (const shape of shapes) {
    for await (const rows of snapshot.rows(shape)) {
      if (shape.table === 'inbox_positions') count(applied, shape, rows, 'subscription', 'position')
      if (shape.table === 'event_sequences') count(published, shape, rows, 'family', 'last')
      yield { shape, rows }
    }
  }
  return { applied, published }
}

type Counts = Record<string, { keys: number; events: number }>

function count(into: Counts, { columns }: TableShape, rows: readonly CopiedRow[], name: string, number: string): void {
  const [nameAt, numberAt] = [name, number].map((wanted) => columns.findIndex(([column]) => column === wanted))
  for (const row of rows) {
    const of = (into[String(row[nameAt!])] ??= { keys: 0, events: 0 })
    of.keys++
    of.events += Number(row[numberAt!])
  }
}

export async function* writeRows(head: Omit<RowsHead, 'vellum' | 'format'>, from: TableRows): AsyncGenerator<string> {
  yield line({ vellum: 'rows', format: 1, ...head })
  const tables: Record<string, number> = {}
  let rows = 0
  let current: TableShape | undefined
  for (;;) {
    const { done, value } = await from.next()
    if (done) return yield line({ end: true, rows, tables, told: value })
    const { shape } = value
    if (shape.table !== current?.table) yield line({ table: shape.table, columns: shape.columns })
    current = shape
    tables[shape.table] = (tables[shape.table] ?? 0) + value.rows.length
    rows += value.rows.length
    yield value.rows.map(line).join('')
  }
}

/** The lines of a file without their ends; another splitter takes U+2028, which JSON may hold, for the end of a line. */
export async function* linesOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let rest: Uint8Array[] = []
  for await (const chunk of source) {
    let from = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      yield Buffer.concat([...rest, chunk.subarray(from, at)]).toString()
      rest = []
      from = at + 1
    }
    if (from < chunk.length) rest.push(chunk.subarray(from))
  }
  if (rest.length > 0) yield Buffer.concat(rest).toString()
}

export interface RowsFile {
  readonly head: RowsHead
  /** Of the tables that are wanted; the other rows are not even parsed. */
  tables(wanted?: (table: string) => boolean): AsyncIterable<{ readonly shape: TableShape; readonly rows: readonly CopiedRow[] }>
}

/** Reads one. @throws one sentence when it is none, or was cut off */
export async function readRows(source: AsyncIterable<Uint8Array>): Promise<RowsFile> {
  const lines = linesOf(source)
  const first = await lines.next()
  const head = RowsHead.safeParse(parsed(first.value as string | undefined))
  if (!head.success) throw new Error('This is no file of rows that this version can read.')
  return {
    head: head.data,
    async *tables(wanted = () => true) {
      let shape: TableShape | undefined
      let rows: CopiedRow[] = []
      let ended = false
      for await (const text of lines) {
        if (text.startsWith('[')) {
          if (!shape || !wanted(shape.table)) continue
          rows.push(JSON.parse(text) as CopiedRow)
          if (rows.length < copiedAtOnce) continue
        }
        if (shape && rows.length > 0) yield { shape, rows }
        rows = []
        if (text.startsWith('[')) continue
        const told = parsed(text) as TableShape | { readonly end: true }
        if ('end' in told) ended = true
        else shape = told
      }
      if (!ended) throw new Error(`The rows of ${head.data.module} were cut off.`)
    },
  }
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}
