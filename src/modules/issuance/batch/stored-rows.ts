import { matchColumns } from './column-rules.ts'
import { LINE_LIMIT, linesOf } from './ndjson-file.ts'
import type { FileRecord } from './row-rules.ts'

/** A row of a sheet as it is kept until it is imported, one in a line of JSON; the header comes first. */
export interface StoredRow {
  /** The number that stands beside the row in the sheet. */
  readonly line: number
  readonly cells: readonly string[]
  /** Which of them show an error, such as #N/A. */
  readonly errors?: readonly number[]
  /** The row is too large to be kept. */
  readonly tooLarge?: true
}

/** A line of a stored file, its end included. */
export function storedRow(row: StoredRow): Uint8Array {
  const line = Buffer.from(`${JSON.stringify(row)}\n`)
  return line.length <= LINE_LIMIT ? line : Buffer.from(`${JSON.stringify({ line: row.line, cells: [], tooLarge: true } satisfies StoredRow)}\n`)
}

function faultOf(row: StoredRow, header: readonly string[], taken: ReadonlySet<number>): FileRecord['fault'] {
  if (row.tooLarge) return { column: null, code: 'record-too-large', message: 'The row is longer than a megabyte; shorten it.' }
  const wrong = row.errors?.find((column) => taken.has(column))
  if (wrong === undefined) return undefined
  return { column: header[wrong] ?? null, code: 'cell-error', message: 'The formula of this cell gives an error; mend it, or write the value itself.' }
}

/** The rows of a stored sheet as records; the header comes first, as record 0. */
export async function* readStoredRows(pieces: AsyncIterable<Uint8Array>, chosen: Readonly<Record<string, string>>): AsyncGenerator<FileRecord> {
  const utf8 = new TextDecoder()
  let header: readonly string[] | undefined
  let taken: ReadonlySet<number> = new Set()
  let record = 0
  for await (const line of linesOf(pieces)) {
    if (line === undefined) throw new Error('A stored row is longer than any that is stored.')
    const row = JSON.parse(utf8.decode(line)) as StoredRow
    if (header === undefined) {
      header = row.cells
      taken = new Set(Object.values(matchColumns(header, chosen).columns))
      yield { line: row.line, record: record++, cells: header }
      continue
    }
    const cells = header.map((_, column) => row.cells[column] ?? '')
    const fault = faultOf(row, header, taken)
    yield { line: row.line, record: record++, cells, ...(fault && { fault }) }
  }
}
