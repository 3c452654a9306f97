import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { SealPlace } from './key-ring-types.ts'
import { pooledRandomBytes } from './random-pool.ts'

/**
 * The sealed form of a value (docs/decisions/0070-envelopes-and-keys.md; it never changes under the same version byte):
 *
 * ```
 * version 0x01 | algorithm 0x01 | subject length (1) | subject (UTF-8) | key version (4, big-endian)
 * | nonce (12) | ciphertext | tag (16)
 * ```
 *
 * Algorithm 1 is AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce and a 128-bit tag. The associated data are the
 * place, each part behind its length, and every byte before the nonce: a value moved to another row, or relabelled with
 * another subject or version, does not open.
 */
const formatVersion = 1
const aes256gcm = 1
const nonceLength = 12
const tagLength = 16
const domain = 'vellum/envelope'

export interface SealedSubject {
  /** Whose data key sealed it. */
  readonly subject: string
  readonly keyVersion: number
}

/** The bytes are not a sealed value, or were changed, or stand at another place than the one they were sealed for. */
export class EnvelopeError extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.name = 'EnvelopeError'
  }
}

/**
 * Seals a value for its place.
 * @param key 32 bytes, the subject's data key of that version
 */
export function sealEnvelope(
  key: Uint8Array,
  { subject, keyVersion }: SealedSubject,
  place: SealPlace,
  plaintext: string | Uint8Array,
): Uint8Array {
  const header = encodeHeader(subject, keyVersion)
  const nonce = pooledRandomBytes(nonceLength)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagLength })
  cipher.setAAD(associatedData(place, header))
  const body = typeof plaintext === 'string' ? cipher.update(plaintext, 'utf8') : cipher.update(plaintext)
  const sealed = Buffer.concat([header, nonce, body, cipher.final(), cipher.getAuthTag()])
  return new Uint8Array(sealed.buffer, sealed.byteOffset, sealed.byteLength)
}

/**
 * Opens what {@link sealEnvelope} made.
 * @throws {EnvelopeError} on another key, another place, or any changed byte
 */
export function openEnvelope(key: Uint8Array, place: SealPlace, sealed: Uint8Array): Uint8Array {
  const bytes = asBuffer(sealed)
  const { headerLength } = readHeader(bytes)
  const nonceEnd = headerLength + nonceLength
  const tagStart = bytes.length - tagLength
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(headerLength, nonceEnd), {
    authTagLength: tagLength,
  })
  decipher.setAAD(associatedData(place, bytes.subarray(0, headerLength)))
  decipher.setAuthTag(bytes.subarray(tagStart))
  try {
    const plaintext = Buffer.concat([decipher.update(bytes.subarray(nonceEnd, tagStart)), decipher.final()])
    return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength)
  } catch (cause) {
    throw new EnvelopeError('The sealed value does not open with this key at this place.', { cause })
  }
}

/** Whose key is needed to open it; unauthenticated until it has opened. */
export function sealedSubject(sealed: Uint8Array): SealedSubject {
  const { subject, keyVersion } = readHeader(asBuffer(sealed))
  return { subject, keyVersion }
}

/** How every envelope of this subject and key version begins, and no other. */
export const envelopeBeginning = ({ subject, keyVersion }: SealedSubject): Uint8Array => new Uint8Array(encodeHeader(subject, keyVersion))

function encodeHeader(subject: string, keyVersion: number): Buffer {
  const name = Buffer.from(subject, 'utf8')
  if (name.length < 1 || name.length > 255) throw new EnvelopeError('A subject has 1 to 255 bytes.')
  const header = Buffer.alloc(3 + name.length + 4)
  header[0] = formatVersion
  header[1] = aes256gcm
  header[2] = name.length
  name.copy(header, 3)
  header.writeUInt32BE(keyVersion, 3 + name.length)
  return header
}

function readHeader(bytes: Buffer): SealedSubject & { headerLength: number } {
  if (bytes[0] !== formatVersion || bytes[1] !== aes256gcm) {
    throw new EnvelopeError('This is not a sealed value of a known version and algorithm.')
  }
  const nameEnd = 3 + (bytes[2] ?? 0)
  const headerLength = nameEnd + 4
  if (nameEnd === 3 || bytes.length < headerLength + nonceLength + tagLength) {
    throw new EnvelopeError('The sealed value is cut short.')
  }
  return { subject: bytes.toString('utf8', 3, nameEnd), keyVersion: bytes.readUInt32BE(nameEnd), headerLength }
}

function associatedData(place: SealPlace, header: Uint8Array): Buffer {
  const parts = [domain, place.organizationId, place.table, place.column, place.row]
  let length = header.length
  for (const part of parts) length += 4 + Buffer.byteLength(part)
  const data = Buffer.allocUnsafe(length)
  let at = 0
  for (const part of parts) {
    const written = data.write(part, at + 4)
    data.writeUInt32BE(written, at)
    at += 4 + written
  }
  data.set(header, at)
  return data
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
