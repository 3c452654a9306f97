import { createHash, timingSafeEqual } from 'node:crypto'
import baseX from 'base-x'

/** Letters and digits that nobody confuses; a double click selects all of it. */
const base58 = baseX('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz')

/** Found by secret scanners in code that somebody published. */
const prefix = 'vls_'
const checksumLength = 4

/** `vls_` and 36 bytes in base58: 32 of key, 4 of SHA-256 over prefix and key, by which a mistyped one is known. */
export function formatClientSecret(key: Uint8Array): string {
  if (key.length !== 32) throw new Error('A client secret has 32 bytes.')
  return prefix + base58.encode(Buffer.concat([key, checksumOf(key)]))
}

/** Whether it has the form of a secret of ours: false for one that was cut or mistyped. Says nothing about whose it is. */
export function isClientSecret(text: string): boolean {
  if (!text.startsWith(prefix) || text.length > 60) return false
  const bytes = base58.decodeUnsafe(text.slice(prefix.length))
  if (bytes?.length !== 32 + checksumLength) return false
  return checksumOf(bytes.subarray(0, 32)).equals(bytes.subarray(32))
}

/** What is stored of a secret. */
export const hashClientSecret = (secret: string): Uint8Array =>
  new Uint8Array(createHash('sha256').update(secret, 'utf8').digest())

/** Compares in constant time. */
export const matchesHash = (secret: string, hash: Uint8Array): boolean => {
  const actual = hashClientSecret(secret)
  return actual.length === hash.length && timingSafeEqual(actual, hash)
}

const checksumOf = (key: Uint8Array): Buffer =>
  createHash('sha256').update(prefix).update(key).digest().subarray(0, checksumLength)
