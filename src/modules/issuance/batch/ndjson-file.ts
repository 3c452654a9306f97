import { claimFields } from './column-rules.ts'
import type { FileRecord, RowFault } from './row-rules.ts'

/** In bytes. */
export const LINE_LIMIT = 1_000_000
const LF = 10

/**
 * The keys that the objects of a file may have, as if they were the headings of a table: the names of the fields, or what the
 * sender chose instead.
 */
export const ndjsonHeader = (chosen: Readonly<Record<string, string>>): readonly string[] =>
  claimFields.map((field) => chosen[field] ?? field)

/** Lines of a file, without their ends; `undefined` stands for one that is too long to be held. */
export async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array | undefined> {
  let held: Uint8Array[] = []
  let size = 0
  const take = (): Uint8Array | undefined => {
    const line = size > LINE_LIMIT ? undefined : Buffer.concat(held)
    held = []
    size = 0
    return line
  }
  const hold = (part: Uint8Array): void => {
    size += part.length
    if (size > LINE_LIMIT) held = []
    else if (part.length > 0) held.push(part)
  }
  for await (const piece of pieces) {
    let from = 0
    for (let end = piece.indexOf(LF); end >= 0; end = piece.indexOf(LF, from)) {
      hold(piece.subarray(from, end))
      yield take()
      from = end + 1
    }
    hold(piece.subarray(from))
  }
  if (size > 0) yield take()
}

type Parsed = Pick<FileRecord, 'cells' | 'fault'>

const refused = (code: string, message: string, column: string | null = null, cells: readonly string[] = []): Parsed => ({
  cells,
  fault: { column, code, message } satisfies Pick<RowFault, 'column' | 'code' | 'message'>,
})

function parseLine(text: string, header: readonly string[]): Parsed {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return refused('json-invalid', 'The line is not JSON; write one object on each line.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refused('json-invalid', 'The line is not a JSON object; write one object on each line.')
  const entries = new Map(Object.entries(value))
  const cellOf = (key: string): string | undefined => {
    const cell = entries.get(key) ?? ''
    return typeof cell === 'string' ? cell : Number.isSafeInteger(cell) ? String(cell) : undefined
  }
  const cells = header.map((key) => cellOf(key) ?? '')
  const wrong = header.find((key) => cellOf(key) === undefined)
  if (wrong !== undefined) return refused('not-text', `Write ${wrong} as text in quotes.`, wrong, cells)
  const known = new Set(header)
  // The key is not repeated: a line whose quotes are wrong may have a name there.
  if ([...entries.keys()].some((key) => !known.has(key)))
    return refused('field-unknown', `The object has a field that is not known; it may have: ${header.join(', ')}.`, null, cells)
  return { cells }
}

/**
 * Reads a file with a JSON object on each line as a stream, as records under `header`, which comes first as record 0. A line
 * that is no such object becomes a record with a fault. Blank lines are passed over; lines count from 1.
 */
export async function* readNdjson(pieces: AsyncIterable<Uint8Array>, header: readonly string[]): AsyncGenerator<FileRecord> {
  yield { line: 0, record: 0, cells: header }
  const utf8 = new TextDecoder()
  let line = 0
  let record = 0
  for await (const bytes of linesOf(pieces)) {
    line++
    if (bytes === undefined) {
      yield { line, record: ++record, ...refused('record-too-large', 'The line is longer than a megabyte; shorten it.') }
      continue
    }
    // The decoder takes a byte-order mark away.
    const text = utf8.decode(bytes).trim()
    if (text !== '') yield { line, record: ++record, ...parseLine(text, header) }
  }
}
