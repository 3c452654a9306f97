import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { advance, nextEffect } from './anchor-state.ts'
import type { AnchorFact, AnchorProgress, Attempt } from './anchor-state.ts'
import type { Receipt } from './chain.ts'

const rules = { confirmations: 3, replaceAfterMs: 60_000 }
const fees = { kind: 'eip1559' as const, maxFeePerGas: '2', maxPriorityFeePerGas: '1' }
const attempt = (hash: string, nonce = 7, signedAt = 0): Attempt => {
  return { hash, raw: `raw ${hash}`, nonce, fees, signedAt }
}
const receipt = (hash: string, confirmations: number, change: Partial<Receipt> = {}): Receipt => ({
  hash,
  status: 'success',
  blockNumber: 100,
  blockHash: '0xb1',
  confirmations,
  ...change,
})
const signed = (...args: Parameters<typeof attempt>): AnchorFact => ({ fact: 'signed', attempt: attempt(...args) })
const found = (receipt: Receipt, nonce = 7): AnchorFact => ({
  fact: 'observed',
  nonce,
  observation: { found: true, receipt },
})
const missing = (nonceUsed = false, nonce = 7): AnchorFact => ({
  fact: 'observed',
  nonce,
  observation: { found: false, nonceUsed },
})
const after = (...facts: AnchorFact[]) =>
  facts.reduce<AnchorProgress>((progress, fact) => advance(progress, fact, rules), { state: 'planned' })
const effect = (progress: AnchorProgress, now = 0) => nextEffect(progress, now, rules)

describe('an anchor on its way', () => {
  it('is signed and recorded first, then sent until it is mined, then watched until it is final', () => {
    expect(effect(after())).toBe('sign')
    expect(effect(after(signed('a')))).toBe('broadcast')
    expect(effect(after(signed('a'), missing()))).toBe('broadcast')
    expect(after(signed('a'), found(receipt('a', 2)))).toMatchObject({ state: 'mined', mined: { blockNumber: 100 } })
    expect(effect(after(signed('a'), found(receipt('a', 2))))).toBe('observe')
    expect(after(signed('a'), found(receipt('a', 3)))).toMatchObject({ state: 'final', mined: { hash: 'a' } })
    expect(effect(after(signed('a'), found(receipt('a', 3))))).toBe('none')
  })

  it('is sent again under the same nonce when its block was reorganised away', () => {
    const back = after(signed('a'), found(receipt('a', 2)), missing())
    expect(back).toEqual({ state: 'submitted', nonce: 7, attempts: [attempt('a')] })
    expect(effect(back)).toBe('broadcast')
  })

  it('takes its new block when the reorganisation mined it elsewhere', () => {
    const moved = found(receipt('a', 1, { blockNumber: 101, blockHash: '0xb2' }))
    expect(after(signed('a'), found(receipt('a', 2)), moved)).toMatchObject({
      state: 'mined',
      mined: { blockNumber: 101, blockHash: '0xb2' },
    })
  })

  it('is replaced by a dearer attempt when it waits too long, and either of the two may be mined', () => {
    expect(effect(after(signed('a')), 59_999)).toBe('broadcast')
    expect(effect(after(signed('a')), 60_000)).toBe('replace')
    const both = after(signed('a'), signed('b', 7, 60_000))
    expect(effect(both, 60_001)).toBe('broadcast')
    expect(both).toMatchObject({ attempts: [{ hash: 'a' }, { hash: 'b' }] })
    for (const hash of ['a', 'b']) {
      expect(advance(both, found(receipt(hash, 3)), rules)).toMatchObject({ state: 'final', mined: { hash } })
    }
  })

  it('keeps an attempt that was signed while another was being mined, in case of a reorganisation', () => {
    expect(after(signed('a'), found(receipt('a', 1)), signed('b'), missing())).toMatchObject({
      state: 'submitted',
      attempts: [{ hash: 'a' }, { hash: 'b' }],
    })
  })

  it('starts again with another nonce only when a stranger’s transaction has used this one for good', () => {
    expect(after(signed('a'), missing(true))).toEqual({ state: 'planned' })
    expect(after(signed('a'), missing(true), signed('c', 9))).toMatchObject({ state: 'submitted', nonce: 9 })
  })

  it('never holds two nonces at once, which would make two transactions of it', () => {
    expect(() => after(signed('a', 7), signed('b', 8))).toThrow('nonce 8')
  })

  it('is refused once a reverted transaction is final, not before', () => {
    const reverted = (confirmations: number) => found(receipt('a', confirmations, { status: 'reverted' }))
    expect(after(signed('a'), reverted(2)).state).toBe('mined')
    expect(after(signed('a'), reverted(2), missing()).state).toBe('submitted')
    expect(after(signed('a'), reverted(3))).toMatchObject({ state: 'refused' })
  })

  it('is refused before it is signed, not while a transaction is out', () => {
    const no: AnchorFact = { fact: 'refused', reason: 'another root' }
    expect(after(no)).toEqual({ state: 'refused', reason: 'another root' })
    expect(after(signed('a'), no).state).toBe('submitted')
  })

  it('does not hear facts about a nonce or a transaction that is not its own', () => {
    const mine = after(signed('a'))
    expect(advance(mine, missing(true, 6), rules)).toBe(mine)
    expect(advance(mine, found(receipt('x', 3)), rules)).toBe(mine)
    expect(after(missing(true), found(receipt('a', 3)))).toEqual({ state: 'planned' })
  })

  it('does not move once final, and takes every fact twice without a difference', () => {
    const facts = fc.constantFrom<AnchorFact>(
      signed('a'), signed('b'), missing(), found(receipt('a', 1)), found(receipt('b', 2)), found(receipt('a', 3)),
      found(receipt('b', 4)), { fact: 'refused', reason: 'no' },
    )
    fc.assert(
      fc.property(fc.array(facts, { maxLength: 12 }), (list) => {
        let progress: AnchorProgress = { state: 'planned' }
        for (const fact of list) {
          const next = advance(progress, fact, rules)
          expect(advance(next, fact, rules)).toEqual(next)
          if (progress.state === 'final' || progress.state === 'refused') expect(next).toBe(progress)
          progress = next
        }
        expect(JSON.parse(JSON.stringify(progress))).toEqual(progress)
      }),
    )
  })
})
