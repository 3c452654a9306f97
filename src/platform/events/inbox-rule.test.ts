import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inboxRule, planInbox } from './inbox-rule.ts'

describe('the inbox rule', () => {
  test('the next number is applied', () => expect(inboxRule(4, 5)).toBe('apply'))
  test('the first event of a key is number 1', () => expect(inboxRule(0, 1)).toBe('apply'))
  test('a number at or below the position is a duplicate', () => {
    expect(inboxRule(4, 4)).toBe('duplicate')
    expect(inboxRule(4, 1)).toBe('duplicate')
  })
  test('a number beyond the next waits', () => expect(inboxRule(4, 6)).toBe('wait'))

  test('any order and any repetition of delivery applies 1, 2, 3 … once each', () => {
    const deliveries = fc.integer({ min: 1, max: 12 }).chain((length) => {
      const all = Array.from({ length }, (_, i) => i + 1)
      return fc.tuple(
        fc.constant(all),
        fc.array(fc.constantFrom(...all)).chain((again) =>
          fc.shuffledSubarray([...all, ...again], { minLength: length + again.length })),
        fc.integer({ min: 1, max: 5 }),
      )
    })
    fc.assert(fc.property(deliveries, ([all, order, batch]) => {
      const applied: number[] = []
      let waiting: { sequence: number }[] = []
      for (let i = 0; i < order.length; i += batch) {
        const arrived = [...waiting, ...order.slice(i, i + batch).map((sequence) => ({ sequence }))]
        const plan = planInbox(applied.length, arrived)
        applied.push(...plan.apply.map((event) => event.sequence))
        waiting = [...plan.wait]
      }
      expect(applied).toEqual(all)
      expect(waiting).toEqual([])
    }))
  })
})
