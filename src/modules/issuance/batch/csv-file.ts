import { type CsvError, parse } from 'csv-parse'
import { Readable } from 'node:stream'
import type { FileRecord } from './row-rules.ts'

/** Why a file cannot be read on from a place; everything before it was read. */
export class UnreadableFile extends Error {
  readonly line: number
  constructor(line: number, message: string) {
    super(message)
    this.name = 'UnreadableFile'
    this.line = line
  }
}

const RECORD_LIMIT = 1_000_000
const delimiters = [',', ';', '\t'] as const

/** The delimiter that stands most often, outside quotes, in the first line. */
export function guessDelimiter(firstLine: string): string {
  const bare = firstLine.replace(/"(?:[^"]|"")*"/g, '')
  const counted = delimiters.map((delimiter) => ({ delimiter, count: bare.split(delimiter).length - 1 }))
  return counted.reduce((best, next) => (next.count > best.count ? next : best)).delimiter
}

const lineEnd = /\r\n|\r|\n/g
const inner = (cells: readonly string[]): number =>
  cells.reduce((sum, cell) => sum + (cell.match(lineEnd)?.length ?? 0), 0)

const LF = 10
const CR = 13

/** Counts physical lines by the bytes that went by: the parser's own count is off for CRLF inside quotes. */
function lineCounter() {
  let ends: number[] = []
  let offset = 0
  let passed = 0
  let afterCr = false
  return {
    read(piece: Uint8Array): void {
      for (const [at, byte] of piece.entries()) {
        // A CR waits for what follows it: CR LF is one line end, at the LF.
        if (afterCr && byte !== LF) ends.push(offset + at - 1)
        if (byte === LF) ends.push(offset + at)
        afterCr = byte === CR
      }
      offset += piece.length
    },
    /** The number of the line on which a record ends whose last byte, its line end included, is before `byte`. */
    endingBefore(byte: number): number {
      let seen = 0
      while (seen < ends.length && (ends[seen] as number) < byte) seen++
      const onLineEnd = seen > 0 && ends[seen - 1] === byte - 1
      passed += seen
      ends = ends.slice(seen)
      return onLineEnd || (afterCr && byte === offset) ? passed : passed + 1
    },
  }
}

/**
 * Reads a CSV file (RFC 4180; also semicolons and tabs, a byte-order mark, any line ends) as a stream. The header comes
 * first, as record 0; records count from 1, and lines from 1 with the header. Blank lines are passed over.
 * Throws `UnreadableFile` where a quote is never closed or a record is larger than a megabyte.
 */
export async function* readCsv(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<FileRecord> {
  const iterator = pieces[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done) return
  const start = new TextDecoder().decode(first.value).replace(/^\ufeff/, '')
  const lines = lineCounter()
  async function* all() {
    for (let next = first; !next.done; next = await iterator.next()) {
      lines.read(next.value)
      yield next.value
    }
  }
  let broken: CsvError | undefined
  const parser = Readable.from(all(), { objectMode: false }).pipe(
    parse({
      bom: true,
      delimiter: guessDelimiter(start.split(/\r|\n/, 1)[0] ?? ''),
      info: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
      max_record_size: RECORD_LIMIT,
      // An error would throw away the records that were read but not yet taken.
      skip_records_with_error: true,
      on_skip: (error) => {
        broken ??= error
        return undefined
      },
    }),
  )
  let record = 0
  let lastLine = 0
  for await (const { record: cells, info } of parser as AsyncIterable<{ record: string[]; info: { bytes: number } }>) {
    lastLine = lines.endingBefore(info.bytes)
    yield { line: lastLine - inner(cells), record: record++, cells }
  }
  if (broken === undefined) return
  const reason =
    broken.code === 'CSV_QUOTE_NOT_CLOSED'
      ? 'A quote that opens here is never closed; close it, or double it if it belongs to the text.'
      : 'A record here cannot be read; save the file again as CSV with UTF-8.'
  throw new UnreadableFile(lastLine + 1, reason)
}
