import { describe, expect, test } from 'vitest'
import { pace, remainingSeconds } from './batch-pace.ts'

describe('the pace of a batch', () => {
  test('is what was issued over the time that it took, and a second at least', () => {
    expect(pace(300, 60_000)).toBe(5)
    expect(pace(40, 100)).toBe(40)
    expect(pace(1, 60_000)).toBe(0)
  })

  test('tells how long the rest will take, and nothing while it is not known', () => {
    expect(remainingSeconds(1_001, 10)).toBe(101)
    expect(remainingSeconds(0, 10)).toBe(0)
    expect(remainingSeconds(5, 0)).toBeNull()
  })
})
