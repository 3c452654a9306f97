import { uuidv7 } from 'uuidv7'
import type { Blobs } from '#platform/blobs/blobs.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import { createHash } from 'node:crypto'
import { matchColumns } from './column-rules.ts'
import { readCsv, UnreadableFile } from './csv-file.ts'
import { uploadFolder } from './open-uploads.ts'

/** A file that is stored, in sealed pieces, and whose header has the columns that are needed. */
export interface StoredFile {
  readonly batchId: string
  readonly pieces: number
  readonly bytes: number
  /** SHA-256 of the whole file, hexadecimal. */
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

async function readHeader(piece: Uint8Array): Promise<readonly string[]> {
  try {
    for await (const { cells } of readCsv(once(piece))) return cells
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error
  }
  return []
}

async function* once(piece: Uint8Array): AsyncGenerator<Uint8Array> {
  yield piece
}

/**
 * Stores a CSV file piece by piece as it arrives. A file that cannot be one is refused before anything is promised, and its
 * pieces go. Throws `Problem`: too-large, validation-failed.
 * @param upload `open` is awaited before the first piece is stored: from then on a kill leaves pieces behind; `discard` takes
 * them away
 */
export async function storeUpload(
  blobs: Blobs,
  organizationId: OrganizationId,
  body: AsyncIterable<Uint8Array>,
  chosenColumns: Readonly<Record<string, string>>,
  { open, discard }: { open: (batchId: string) => Promise<void>; discard: (batchId: string) => Promise<void> },
): Promise<StoredFile> {
  const batchId = uuidv7()
  const hash = createHash('sha256')
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  let pieces = 0
  let bytes = 0
  try {
    for await (const piece of cut(body)) {
      bytes += piece.length
      if (bytes > FILE_LIMIT)
        throw new Problem('too-large', `A file may have at most ${FILE_LIMIT / 1024 / 1024} MB; split it and send the parts.`)
      decode(utf8, piece)
      if (pieces === 0) {
        checkHeader(await readHeader(piece), chosenColumns)
        await open(batchId)
      }
      hash.update(piece)
      await blobs.put(pieceBlob(batchId, pieces), organizationId, organizationId, piece)
      pieces++
    }
    // A character that was cut off at the very end.
    decode(utf8)
    if (pieces === 0) throw new Problem('validation-failed', 'The file is empty; send a CSV file with a header and a record for each person.')
  } catch (error) {
    await discard(batchId)
    throw error
  }
  return { batchId, pieces, bytes, digest: hash.digest('hex') }
}

/** Without a piece: the end. */
function decode(utf8: TextDecoder, piece?: Uint8Array): void {
  try {
    utf8.decode(piece, { stream: piece !== undefined })
  } catch {
    throw new Problem('validation-failed', 'The file is not UTF-8, so names would be garbled; save it again as CSV UTF-8.')
  }
}

/** Headings are repeated in every fault of a record, so they are short, and text that every database can hold. */
const HEADINGS = 500
const HEADING_LENGTH = 200

function checkHeader(header: readonly string[], chosen: Readonly<Record<string, string>>): void {
  const tooLong = header.length > HEADINGS || header.some((heading) => heading.length > HEADING_LENGTH)
  if (tooLong || header.some((heading) => /\p{Cc}/u.test(heading.replace(/[\r\n\t]/g, ''))))
    throw new Problem(
      'validation-failed',
      `Give the file at most ${HEADINGS} columns, with headings of at most ${HEADING_LENGTH} characters and no control characters.`,
    )
  const { missing } = matchColumns(header, chosen)
  if (missing.length > 0)
    throw new Problem(
      'validation-failed',
      `The header lacks: ${missing.join(', ')}. Name the columns so, or say which column holds what with "column.name=…".`,
      { extensions: { missing } },
    )
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
