import { uuidv7 } from 'uuidv7'
import type { Blobs } from '#platform/blobs/blobs.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import { createHash } from 'node:crypto'
import { agreedFormat, type FileFormat } from './file-format.ts'
import { checkHeader, type ChosenColumns, once, readHeader } from './file-records.ts'
import { uploadFolder } from './open-uploads.ts'
import type { Workbooks } from './workbooks.ts'

/** A file that is stored, in sealed pieces, and whose header has the columns that are needed. */
export interface StoredFile {
  readonly batchId: string
  readonly format: FileFormat
  readonly header: readonly string[]
  readonly pieces: number
  readonly bytes: number
  /** SHA-256 of what is stored, hexadecimal. */
  readonly digest: string
}

export const FILE_LIMIT = 50 * 1024 * 1024
const PIECE = 512 * 1024

export const pieceBlob = (batchId: string, piece: number): string => `${uploadFolder(batchId)}${piece}`

/** Cuts a stream into pieces of equal size, so that memory holds one of them. */
async function* cut(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    held.push(chunk)
    size += chunk.length
    while (size >= PIECE) {
      const joined = Buffer.concat(held)
      yield joined.subarray(0, PIECE)
      held = [joined.subarray(PIECE)]
      size = joined.length - PIECE
    }
  }
  if (size > 0) yield Buffer.concat(held)
}

/** How a file is to be read. */
export interface Reading {
  /** What its sender says that it is. */
  readonly said: FileFormat | 'any'
  readonly chosen: ChosenColumns
  /** The sheet of a workbook; else its first. */
  readonly sheet: string | undefined
}

/** A file as it arrives, its format known. */
export interface ArrivingFile {
  readonly format: FileFormat
  readonly header: readonly string[]
  /** In pieces of equal size; of a workbook its rows. Throws `Problem`: too-large, validation-failed. */
  readonly pieces: AsyncIterable<Uint8Array>
}

const tooLarge = (limit: number) =>
  new Problem('too-large', `A file may have at most ${limit / 1024 / 1024} MB; split it and send the parts.`)

/** What arrives, in pieces, and never more than is allowed. */
async function* limited(body: AsyncIterable<Uint8Array>, limit: number): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const piece of cut(body)) {
    bytes += piece.length
    if (bytes > limit) throw tooLarge(limit)
    yield piece
  }
}

/** The same bytes, if they are UTF-8. */
async function* checkedText(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  for await (const piece of pieces) {
    decode(utf8, piece)
    yield piece
  }
  // A character that was cut off at the very end.
  decode(utf8)
}

async function* behind(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield first
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}

async function openWorkbook(
  workbooks: Workbooks,
  file: AsyncIterable<Uint8Array>,
  { chosen, sheet }: Reading,
): Promise<ArrivingFile> {
  const { header, rows } = await workbooks.sheet(file, sheet, FILE_LIMIT)
  checkHeader(header, chosen)
  return { format: 'xlsx', header, pieces: cut(once(rows)) }
}

/**
 * Looks what a file is by its beginning, and whether something can be issued under its headings. A file that cannot be one is
 * refused before anything is promised. Throws `Problem`: unsupported-media-type, too-large, validation-failed.
 */
export async function openArriving(
  workbooks: Workbooks,
  body: AsyncIterable<Uint8Array>,
  reading: Reading,
): Promise<ArrivingFile> {
  const { said, chosen, sheet } = reading
  const arriving = limited(body, FILE_LIMIT)
  try {
    const first = await arriving.next()
    if (first.done) throw new Problem('validation-failed', 'The file is empty; send one with a record for each person.')
    const format = agreedFormat(said, first.value)
    if (format === 'xlsx') return await openWorkbook(workbooks, behind(first.value, arriving), reading)
    if (sheet !== undefined) throw new Problem('validation-failed', 'Only a workbook has sheets; leave out "sheet".')
    decode(new TextDecoder('utf-8', { fatal: true }), first.value)
    const header = await readHeader(format, first.value, chosen)
    return { format, header, pieces: checkedText(behind(first.value, arriving)) }
  } catch (error) {
    await arriving.return(undefined)
    throw error
  }
}

/**
 * Stores a file piece by piece as it arrives, of a workbook the rows that were read from it. One that cannot be issued is refused before anything is promised, and its
 * pieces go. Throws `Problem`, as `openArriving`.
 * @param upload `open` is awaited before the first piece is stored: from then on a kill leaves pieces behind; `discard` takes
 * them away
 */
export async function storeUpload(
  { blobs, workbooks }: { blobs: Blobs; workbooks: Workbooks },
  organizationId: OrganizationId,
  body: AsyncIterable<Uint8Array>,
  reading: Reading,
  { open, discard }: { open: (batchId: string) => Promise<void>; discard: (batchId: string) => Promise<void> },
): Promise<StoredFile> {
  const batchId = uuidv7()
  const hash = createHash('sha256')
  let stored = 0
  let bytes = 0
  const { format, header, pieces } = await openArriving(workbooks, body, reading)
  try {
    await open(batchId)
    for await (const piece of pieces) {
      bytes += piece.length
      hash.update(piece)
      await blobs.put(pieceBlob(batchId, stored), organizationId, organizationId, piece)
      stored++
    }
  } catch (error) {
    await discard(batchId)
    throw error
  }
  return { batchId, format, header, pieces: stored, bytes, digest: hash.digest('hex') }
}

/** Without a piece: the end. */
function decode(utf8: TextDecoder, piece?: Uint8Array): void {
  try {
    utf8.decode(piece, { stream: piece !== undefined })
  } catch {
    throw new Problem('validation-failed', 'The file is not UTF-8, so names would be garbled; save it again as UTF-8.')
  }
}

/** The stored file as a stream. */
export async function* storedPieces(
  blobs: Blobs,
  organizationId: OrganizationId,
  batchId: string,
  pieces: number,
): AsyncGenerator<Uint8Array> {
  for (let piece = 0; piece < pieces; piece++) yield blobs.get(pieceBlob(batchId, piece), organizationId)
}
