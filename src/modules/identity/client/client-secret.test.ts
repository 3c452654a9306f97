import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { formatClientSecret, hashClientSecret, isClientSecret, matchesHash } from './client-secret.ts'

describe('a client secret', () => {
  it('is told apart by its prefix and checksum from anything else', () => {
    for (const key of [Buffer.alloc(32), Buffer.alloc(32, 255), randomBytes(32)]) {
      const secret = formatClientSecret(key)
      expect(secret).toMatch(/^vls_[1-9A-HJ-NP-Za-km-z]+$/)
      expect(isClientSecret(secret)).toBe(true)
      for (let at = 4; at < secret.length; at++) {
        const typo = secret.slice(0, at) + (secret[at] === 'x' ? 'y' : 'x') + secret.slice(at + 1)
        expect(isClientSecret(typo)).toBe(false)
      }
      expect(isClientSecret(secret.slice(0, -1))).toBe(false)
      expect(isClientSecret(secret.slice(4))).toBe(false)
    }
    for (const text of ['', 'vls_', 'vls_0OIl', `vls_${'1'.repeat(10_000)}`]) expect(isClientSecret(text)).toBe(false)
  })

  it('is stored as a hash that only it matches', () => {
    const secret = formatClientSecret(randomBytes(32))
    const hash = hashClientSecret(secret)
    expect(matchesHash(secret, hash)).toBe(true)
    expect(matchesHash(formatClientSecret(randomBytes(32)), hash)).toBe(false)
    expect(matchesHash(secret, new Uint8Array(0))).toBe(false)
  })
})
