import { describe, expect, test } from 'vitest'
import { KeyNotLoaded } from '../crypto/key-ring-types.ts'
import { DatabaseError } from '../database/database-error.ts'
import { Problem } from '../problem.ts'
import { afterFailure, classifyFailure, describeFailure, pauseAfter, retryPolicy } from './retry-rules.ts'
import { Refused, Unavailable } from './step.ts'

const policy = retryPolicy()
const now = new Date('2026-03-01T12:00:00Z')
const ago = (ms: number) => new Date(now.getTime() - ms)
const fresh = { attempts: 0, unavailableSince: undefined }
const away = { kind: 'unavailable', retryAfterMs: undefined } as const

describe('three attempts, 60 s apart and growing', () => {
  test('the second attempt comes after 60 s, the third after 300 s more, and then it is over', () => {
    expect(afterFailure(policy, fresh, { kind: 'error' }, now)).toMatchObject({ retry: true, attempts: 1, delayMs: 60_000 })
    expect(afterFailure(policy, { ...fresh, attempts: 1 }, { kind: 'error' }, now)).toMatchObject({
      retry: true, attempts: 2, delayMs: 300_000,
    })
    expect(afterFailure(policy, { ...fresh, attempts: 2 }, { kind: 'error' }, now)).toEqual({ retry: false, attempts: 3 })
  })

  test('a refusal is over at once', () => {
    expect(afterFailure(policy, fresh, { kind: 'refused' }, now)).toEqual({ retry: false, attempts: 1 })
  })

  test('a smaller base shortens everything but keeps absence tolerated for ten minutes', () => {
    expect(retryPolicy(60)).toMatchObject({ baseMs: 60, firstPauseMs: 10, maxPauseMs: 900, maxUnavailableMs: 600_000 })
  })
})

describe('absence of the other side', () => {
  test('counts nothing, and the delay doubles up to 15 minutes', () => {
    const delay = (absentMs: number) =>
      afterFailure(policy, { attempts: 2, unavailableSince: ago(absentMs) }, away, now)
    expect(afterFailure(policy, fresh, away, now)).toEqual({ retry: true, attempts: 0, delayMs: 1_000, unavailableSince: now })
    expect(delay(4_000)).toMatchObject({ retry: true, attempts: 2, delayMs: 4_000 })
    expect(delay(3_600_000)).toMatchObject({ retry: true, attempts: 2, delayMs: 900_000 })
  })

  test('is given up after three days', () => {
    const days = 24 * 3_600_000
    expect(afterFailure(policy, { attempts: 0, unavailableSince: ago(3 * days - 1) }, away, now).retry).toBe(true)
    expect(afterFailure(policy, { attempts: 0, unavailableSince: ago(3 * days) }, away, now).retry).toBe(false)
  })

  test('a longer Retry-After is honoured', () => {
    const failure = { kind: 'unavailable', retryAfterMs: 3_600_000 } as const
    expect(afterFailure(policy, fresh, failure, now)).toMatchObject({ delayMs: 3_600_000 })
    expect(pauseAfter(policy, { pausedUntil: undefined, backoffMs: 0 }, 3_600_000, now).pausedUntil).toEqual(ago(-3_600_000))
  })

  test('the pause of a kind doubles with each absence, to 15 minutes', () => {
    let pause = pauseAfter(policy, { pausedUntil: undefined, backoffMs: 0 }, undefined, now)
    const pauses = [pause.backoffMs]
    for (let i = 0; i < 11; i++) {
      pause = pauseAfter(policy, pause, undefined, pause.pausedUntil)
      pauses.push(pause.backoffMs)
    }
    expect(pauses.map((ms) => ms / 1_000)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900])
  })

  test('steps that fail side by side lengthen the pause once', () => {
    const first = pauseAfter(policy, { pausedUntil: undefined, backoffMs: 0 }, undefined, now)
    expect(pauseAfter(policy, first, undefined, now)).toEqual(first)
  })

  test.each([
    ['Unavailable', new Unavailable('away', { retryAfterMs: 7 }), 'unavailable'],
    ['a 503 of a contract call', new Problem('unavailable', 'away'), 'unavailable'],
    ['a 429', new Problem('rate-limited', 'slow down', { retryAfterSeconds: 3 }), 'unavailable'],
    ['a refused connection', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'unavailable'],
    ['fetch failed', new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ECONNRESET' }) }), 'unavailable'],
    ['a time-out', new DOMException('late', 'TimeoutError'), 'unavailable'],
    ['a full disk', new DatabaseError('unavailable', 'SQLITE_FULL', 'full'), 'unavailable'],
    ['a deadlock', new DatabaseError('conflict', '40P01', 'deadlock'), 'unavailable'],
    ['a key that was held for too long', new KeyNotLoaded('anna'), 'unavailable'],
    ['Refused', new Refused('no'), 'refused'],
    ['a problem of the item', new Problem('not-found', 'x'), 'error'],
    ['a constraint', new DatabaseError('unique', '23505', 'x'), 'error'],
    ['a bug', new TypeError('x'), 'error'],
    ['a thrown string', 'x', 'error'],
  ])('%s is recognised', (_, thrown, kind) => {
    expect(classifyFailure(thrown).kind).toBe(kind)
  })
})

test('a stored error names its place and not the person in its message', () => {
  const described = describeFailure(new Error('no such mailbox: jane.doe@example.org'))
  expect(described).not.toContain('jane')
  expect(described).toMatch(/^Error at .*retry-rules\.test\.ts:\d+/)
  expect(describeFailure(new Refused('The mail server refused the address (550).'))).toBe(
    'Refused: The mail server refused the address (550).',
  )
})
