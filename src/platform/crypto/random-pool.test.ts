import { expect, it } from 'vitest'
import { pooledRandomBytes } from './random-pool.ts'

it('never hands out the same bytes twice, however many are drawn', () => {
  const drawn = Array.from({ length: 5_000 }, (_, i) => pooledRandomBytes(12 + (i % 3) * 2))
  expect(drawn.map((bytes) => bytes.length).slice(0, 4)).toEqual([12, 14, 16, 12])
  expect(new Set(drawn.map((bytes) => bytes.toString('hex'))).size).toBe(drawn.length)
  const windows = drawn.flatMap((bytes) => [bytes.subarray(0, 8), bytes.subarray(4, 12)].map((part) => part.toString('hex')))
  expect(new Set(windows).size).toBe(windows.length)
})

it('leaves what it handed out alone, and gives it to nobody else', () => {
  const first = pooledRandomBytes(16)
  const copy = Buffer.from(first)
  first.fill(0)
  expect(pooledRandomBytes(16).equals(copy)).toBe(false)
  expect(copy.every((byte) => byte === 0)).toBe(false)
})
