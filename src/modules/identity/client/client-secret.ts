import { createHash, timingSafeEqual } from 'node:crypto'
import { checkedSecret } from '#platform/crypto/checked-secret.ts'

/** `vls_…`, with a checksum. */
export const { format: formatClientSecret, isOne: isClientSecret } = checkedSecret('vls_')

/** What is stored of a secret. */
export const hashClientSecret = (secret: string): Uint8Array =>
  new Uint8Array(createHash('sha256').update(secret, 'utf8').digest())

/** Compares in constant time. */
export const matchesHash = (secret: string, hash: Uint8Array): boolean => {
  const actual = hashClientSecret(secret)
  return actual.length === hash.length && timingSafeEqual(actual, hash)
}
