import { randomBytes } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { type ApiKeyOptions, apiKeyForm, apiKeyHash, createApiKeys } from './api-key.ts'

const key = apiKeyForm.format(randomBytes(32))
const stored = { id: 'key-1', organizationId: 'org-1', scopes: ['audit:read'], expiresAt: '2999-01-01T00:00:00.000Z' }

let asked: string[] = []
let clock = 0
let answer: () => Promise<{ key?: typeof stored }>
let revoked = false

beforeEach(() => {
  asked = []
  clock = 0
  revoked = false
  answer = async () => ({ key: stored })
})

const keys = (more: Partial<ApiKeyOptions> = {}) =>
  createApiKeys({
    find: async (hash) => {
      asked.push(hash)
      return answer()
    },
    isRevoked: () => revoked,
    freshMs: 10_000,
    monotonic: () => clock,
    ...more,
  })
const away = async () => {
  throw new TypeError('fetch failed')
}

describe('an API key', () => {
  it('tells organization, scopes and its own id; only its hash is asked about', async () => {
    expect(await keys().verify(key)).toEqual({ organizationId: 'org-1', clientId: 'key-1', tokenId: 'key-1', scopes: ['audit:read'], actor: 'key:key-1' })
    expect(asked).toEqual([apiKeyHash(key)])
  })

  it('with a wrong checksum is refused without asking anybody', async () => {
    const ring = keys()
    const typo = key.slice(0, 20) + (key[20] === 'x' ? 'y' : 'x') + key.slice(21)
    for (const wrong of [typo, key.slice(0, -1), `${key}1`, 'vellum_', 'vellum_0OIl', `vellum_${'1'.repeat(65_536)}`])
      await expect(ring.verify(wrong)).rejects.toMatchObject({ code: 'token-refused' })
    expect(asked).toEqual([])
  })

  it('is asked about once for all who wait, and again when the answer is no longer fresh', async () => {
    const ring = keys()
    await Promise.all(Array.from({ length: 50 }, () => ring.verify(key)))
    clock = 9_999
    await ring.verify(key)
    expect(asked).toHaveLength(1)
    clock = 10_000
    await ring.verify(key)
    expect(asked).toHaveLength(2)
  })

  it('that was revoked stops when the answer is no longer fresh, or when the revocation is known', async () => {
    const ring = keys()
    await ring.verify(key)
    revoked = true
    await expect(ring.verify(key)).rejects.toMatchObject({ code: 'token-refused' })
    revoked = false
    answer = async () => ({})
    await ring.verify(key)
    clock = 10_000
    await expect(ring.verify(key)).rejects.toMatchObject({ code: 'token-refused' })
    await expect(ring.verify(key)).rejects.toMatchObject({ code: 'token-refused' })
    expect(asked).toHaveLength(2)
  })

  it('stops at its expiry, however fresh the answer is', async () => {
    answer = async () => ({ key: { ...stored, expiresAt: '2026-01-01T00:00:00.000Z' } })
    let now = new Date('2025-12-31T23:59:59Z')
    const ring = keys({ now: () => now })
    await ring.verify(key)
    now = new Date('2026-01-01T00:00:00Z')
    await expect(ring.verify(key)).rejects.toMatchObject({ code: 'token-refused', message: expect.stringContaining('expired') })
  })

  it('stands for ten minutes while nobody can be asked, without asking at every request', async () => {
    const ring = keys()
    await ring.verify(key)
    answer = away
    clock = 20_000
    for (let time = 0; time < 20; time++) await ring.verify(key)
    expect(asked).toHaveLength(2)
    clock = 600_000
    await expect(ring.verify(key)).rejects.toMatchObject({ code: 'unavailable' })
    await expect(ring.verify(apiKeyForm.format(randomBytes(32)))).rejects.toMatchObject({ code: 'unavailable' })
    answer = async () => ({ key: stored })
    expect(await ring.verify(key)).toMatchObject({ clientId: 'key-1' })
  })

  it('is not forgotten because strangers make up others', async () => {
    const ring = keys()
    await ring.verify(key)
    answer = async () => ({})
    for (let time = 0; time < 10_050; time++) await ring.verify(apiKeyForm.format(randomBytes(32))).catch(() => {})
    const before = asked.length
    await ring.verify(key)
    expect(asked).toHaveLength(before)
  })
})
