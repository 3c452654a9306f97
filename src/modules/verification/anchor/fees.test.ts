import { describe, expect, it } from 'vitest'
import { ChainRefused, ChainUnavailable } from './chain-errors.ts'
import { marketFees, raisedFees } from './fees.ts'

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
})
