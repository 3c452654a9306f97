import { restored } from '#platform/csv.ts'
import { Problem } from '#platform/problem.ts'
import { matchColumns } from './column-rules.ts'
import { readCsv, UnreadableFile } from './csv-file.ts'
import { isErrorFile } from './error-columns.ts'
import type { FileFormat } from './file-format.ts'
import { ndjsonHeader, readNdjson } from './ndjson-file.ts'
import type { FileRecord } from './row-rules.ts'
import { readStoredRows } from './stored-rows.ts'

/** Which header for a field a client chose. */
export type ChosenColumns = Readonly<Record<string, string>>

/**
 * The records of a stored file, or of one that arrives (a workbook as the rows that were read from it): the header first, as
 * record 0. Throws `UnreadableFile`.
 */
export function readRecords(
  format: FileFormat,
  pieces: AsyncIterable<Uint8Array>,
  chosen: ChosenColumns,
): AsyncGenerator<FileRecord> {
  if (format === 'ndjson') return readNdjson(pieces, ndjsonHeader(chosen))
  return asMeant(format === 'csv' ? readCsv(pieces) : readStoredRows(pieces, chosen))
}

/** Takes what an error file has before its formulas away again. */
async function* asMeant(records: AsyncGenerator<FileRecord>): AsyncGenerator<FileRecord> {
  let ours: boolean | undefined
  for await (const record of records) {
    ours ??= isErrorFile(record.cells)
    yield ours ? { ...record, cells: record.cells.map(restored) } : record
  }
}

export async function* once(piece: Uint8Array): AsyncGenerator<Uint8Array> {
  yield piece
}

/** The headings of a file, from its first piece. Throws `Problem('validation-failed')` when nothing can be issued under them. */
export async function readHeader(format: FileFormat, first: Uint8Array, chosen: ChosenColumns): Promise<readonly string[]> {
  let header: readonly string[] = []
  try {
    for await (const { cells } of readRecords(format, once(first), chosen)) {
      header = cells
      break
    }
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error
  }
  checkHeader(header, chosen)
  return header
}

/** Headings are repeated in every fault of a record, so they are short, and text that every database can hold. */
const HEADINGS = 500
const HEADING_LENGTH = 200

const badHeadings = () =>
  new Problem(
    'validation-failed',
    `Give the file at most ${HEADINGS} columns, with headings of at most ${HEADING_LENGTH} characters and no control characters.`,
  )

/** Throws `Problem('validation-failed')` for more columns than a file may have. */
export function checkWidth(columns: number): void {
  if (columns > HEADINGS) throw badHeadings()
}

/** Throws `Problem('validation-failed')`. */
export function checkHeader(header: readonly string[], chosen: ChosenColumns): void {
  checkWidth(header.length)
  if (header.some((heading) => heading.length > HEADING_LENGTH || /\p{Cc}/u.test(heading.replace(/[\r\n\t]/g, '')))) throw badHeadings()
  const { missing } = matchColumns(header, chosen)
  if (missing.length > 0)
    throw new Problem(
      'validation-failed',
      `The header lacks: ${missing.join(', ')}. Name the columns so, or say which column holds what with "column.name=…".`,
      { extensions: { missing } },
    )
}

/** What was taken for what: each field with the heading that it is read from. */
export function columnsTaken(header: readonly string[], chosen: ChosenColumns): Readonly<Record<string, string>> {
  const { columns } = matchColumns(header, chosen)
  return Object.fromEntries(Object.entries(columns).map(([field, index]) => [field, header[index] ?? '']))
}
