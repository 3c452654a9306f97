import { describe, expect, it } from 'vitest'
import { ChainRefused, ChainUnavailable } from './chain-errors.ts'
import { limitedFees, marketFees, raisedFees, replacementFees } from './fees.ts'

const node = (answers: Record<string, unknown>) => async (method: string) => {
  const answer = answers[method]
  if (answer instanceof Error) throw answer
  return answer
}

describe('fees', () => {
  it('leave room for a base fee that doubles', async () => {
    const ask = node({ eth_getBlockByNumber: { baseFeePerGas: '0x64' }, eth_maxPriorityFeePerGas: '0x7' })
    expect(await marketFees(ask)).toEqual({ kind: 'eip1559', maxFeePerGas: '207', maxPriorityFeePerGas: '7' })
  })

  it('offer one gwei as tip where the node suggests none', async () => {
    const ask = node({
      eth_getBlockByNumber: { baseFeePerGas: '0x0' },
      eth_maxPriorityFeePerGas: new ChainRefused('rejected', 'the method does not exist'),
    })
    expect(await marketFees(ask)).toMatchObject({ maxPriorityFeePerGas: '1000000000' })
  })

  it('are not guessed while the node is away', async () => {
    const away = new ChainUnavailable('away')
    const ask = node({ eth_getBlockByNumber: { baseFeePerGas: '0x0' }, eth_maxPriorityFeePerGas: away })
    await expect(marketFees(ask)).rejects.toBe(away)
  })

  it('are a plain gas price on a chain without base fee', async () => {
    expect(await marketFees(node({ eth_getBlockByNumber: {}, eth_gasPrice: '0xa' }))).toEqual({
      kind: 'legacy',
      gasPrice: '10',
    })
  })

  it('rise by more than a quarter for a replacement, or to the market if that is higher', () => {
    const former = { kind: 'eip1559' as const, maxFeePerGas: '1000', maxPriorityFeePerGas: '10' }
    const market = { kind: 'eip1559' as const, maxFeePerGas: '10000', maxPriorityFeePerGas: '5' }
    expect(raisedFees(former, market)).toEqual({
      kind: 'eip1559',
      maxFeePerGas: '10000',
      maxPriorityFeePerGas: '13',
    })
    expect(raisedFees({ kind: 'legacy', gasPrice: '100' }, { kind: 'legacy', gasPrice: '1' })).toEqual({
      kind: 'legacy',
      gasPrice: '126',
    })
  })

  const offer = (maxFeePerGas: string, maxPriorityFeePerGas = '10') => ({ kind: 'eip1559' as const, maxFeePerGas, maxPriorityFeePerGas })

  it('stay below the limit, with less room for a base fee that rises, as long as the next block takes them', () => {
    // A base fee of 100 and a tip of 10.
    expect(limitedFees(offer('210'), 210n)).toEqual(offer('210'))
    expect(limitedFees(offer('210'), 110n)).toEqual(offer('110'))
    expect(limitedFees(offer('210'), 109n)).toBeUndefined()
    expect(limitedFees({ kind: 'legacy', gasPrice: '8' }, 7n)).toBeUndefined()
  })

  it('of a replacement stop at the limit, and where more would not help', () => {
    expect(replacementFees(offer('100'), offer('210'), 1_000n)).toEqual(offer('210', '13'))
    expect(replacementFees(offer('100'), offer('210'), 150n)).toEqual(offer('150', '13'))
    // Not a tenth more than before, or less than the next block asks for.
    expect(replacementFees(offer('140'), offer('210'), 150n)).toBeUndefined()
    expect(replacementFees(offer('50'), offer('210'), 100n)).toBeUndefined()
    let [fees, times] = [offer('210') as ReturnType<typeof replacementFees>, 0]
    for (let next = fees; next; next = replacementFees(next, offer('210'), 10n ** 9n)) [fees, times] = [next, times + 1]
    expect(times).toBeLessThan(9)
    expect(Number(fees?.kind === 'eip1559' && fees.maxFeePerGas)).toBeLessThanOrEqual(840)
  })
})
