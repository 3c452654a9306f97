import { HASH_LENGTH } from './merkle-hash.ts'
import { openNote, signNote } from './signed-note.ts'
import type { NoteSigner, NoteVerifier } from './signed-note.ts'

/** What a log says of itself at one size. C2SP tlog-checkpoint. */
export type Checkpoint = {
  /** Name of the log, see `logOrigin`. */
  origin: string
  /** Number of leaves. */
  size: number
  /** Root of the RFC 9162 tree of that size, 32 bytes. */
  root: Uint8Array
}

/** A signed note whose text is no checkpoint of the log that was asked for. */
export class CheckpointRejected extends Error {
  override name = 'CheckpointRejected'
}

/**
 * Name of an installation's log: its public address without scheme and trailing slash, plus `/log`, below which the log
 * is served. Frozen with the address.
 */
export function logOrigin(publicUrl: string): string {
  const { host, pathname } = new URL(publicUrl)
  return `${host}${pathname.replace(/\/+$/, '')}/log`
}

/**
 * The signed checkpoint, as it is served at `/log/checkpoint`: the same bytes for the same tree and keys. Sign
 * committed trees only.
 * @param signers one, or two while the log's key is replaced
 */
export function signCheckpoint({ origin, size, root }: Checkpoint, signers: readonly NoteSigner[]): string {
  if (origin === '' || origin.includes('\n')) throw new TypeError('The origin of a checkpoint is one line')
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`Not a tree size: ${size}`)
  if (root.length !== HASH_LENGTH) throw new TypeError('The root of a checkpoint is 32 bytes')
  return signNote(`${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`, signers)
}

/**
 * Reads a signed checkpoint of the log `origin`. Extension lines are allowed and ignored.
 * @throws NoteRejected when nobody trusted signed it, CheckpointRejected when it is another log's or malformed
 */
export function openCheckpoint(note: string, origin: string, trusted: readonly NoteVerifier[]): Checkpoint {
  return { ...parseText(openNote(note, trusted).text, origin), origin }
}

/** Size and root as a note says them, whoever signed it: for asking further, never for trusting. @throws CheckpointRejected */
export const readCheckpointText = (note: string): Pick<Checkpoint, 'size' | 'root'> =>
  parseText(note.slice(0, note.indexOf('\n\n') + 1), undefined)

function parseText(text: string, origin: string | undefined): Pick<Checkpoint, 'size' | 'root'> {
  const [name, size = '', root = '', ...extensions] = text.slice(0, -1).split('\n')
  if (origin !== undefined && name !== origin) throw new CheckpointRejected('This is the checkpoint of another log')
  const bytes = Buffer.from(root, 'base64')
  if (!/^(0|[1-9]\d*)$/.test(size) || !Number.isSafeInteger(Number(size))) {
    throw new CheckpointRejected('The size of the checkpoint is malformed')
  }
  if (bytes.length !== HASH_LENGTH || bytes.toString('base64') !== root) {
    throw new CheckpointRejected('The root of the checkpoint is malformed')
  }
  if (extensions.includes('')) throw new CheckpointRejected('The checkpoint has an empty line')
  return { size: Number(size), root: bytes }
}
