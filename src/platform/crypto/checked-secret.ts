import { createHash } from 'node:crypto'
import baseX from 'base-x'

/** Letters and digits that nobody confuses; a double click selects all of it. */
const base58 = baseX('123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz')

const keyLength = 32
const checksumLength = 4
const longest = 60

export interface CheckedSecret {
  /** @param key 32 random bytes */
  format(key: Uint8Array): string
  /** Whether it has this form: false for one that was cut or mistyped. Says nothing about whose it is. */
  isOne(text: string): boolean
}

/**
 * Secrets that tell by themselves whether they were copied whole: a prefix, by which scanners find them in code that somebody
 * published, and 36 bytes in base58: 32 of key, 4 of SHA-256 over prefix and key.
 */
export function checkedSecret(prefix: string): CheckedSecret {
  const checksumOf = (key: Uint8Array): Buffer => createHash('sha256').update(prefix).update(key).digest().subarray(0, checksumLength)
  return {
    format(key) {
      if (key.length !== keyLength) throw new Error(`A secret has ${keyLength} bytes.`)
      return prefix + base58.encode(Buffer.concat([key, checksumOf(key)]))
    },
    isOne(text) {
      if (!text.startsWith(prefix) || text.length > longest) return false
      const bytes = base58.decodeUnsafe(text.slice(prefix.length))
      if (bytes?.length !== keyLength + checksumLength) return false
      return checksumOf(bytes.subarray(0, keyLength)).equals(bytes.subarray(keyLength))
    },
  }
}
