import { ChainRefused } from './chain-errors.ts'

/** What a transaction offers for a unit of gas, in wei, as decimal text so that it survives JSON. */
export type Fees =
  | { kind: 'eip1559'; maxFeePerGas: string; maxPriorityFeePerGas: string }
  /** For chains without a base fee. */
  | { kind: 'legacy'; gasPrice: string }

type Ask = (method: string, ...params: unknown[]) => Promise<unknown>

const ONE_GWEI = 1_000_000_000n

/** What gets a transaction into one of the next blocks, though the base fee doubles meanwhile (EIP-1559). */
export async function marketFees(ask: Ask): Promise<Fees> {
  const block = (await ask('eth_getBlockByNumber', 'latest', false)) as { baseFeePerGas?: string } | null
  if (block?.baseFeePerGas === undefined) {
    return { kind: 'legacy', gasPrice: String(BigInt(String(await ask('eth_gasPrice')))) }
  }
  const tip = await suggestedTip(ask)
  return {
    kind: 'eip1559',
    maxFeePerGas: String(BigInt(block.baseFeePerGas) * 2n + tip),
    maxPriorityFeePerGas: String(tip),
  }
}

/**
 * Fees of a transaction that is to replace another with the same nonce: the market's, but at least a quarter above the
 * former ones. Nodes ask for a tenth more.
 */
export function raisedFees(former: Fees, market: Fees): Fees {
  if (former.kind === 'legacy' || market.kind === 'legacy') {
    const before = former.kind === 'legacy' ? former.gasPrice : former.maxFeePerGas
    const now = market.kind === 'legacy' ? market.gasPrice : market.maxFeePerGas
    return { kind: 'legacy', gasPrice: higher(before, now) }
  }
  return {
    kind: 'eip1559',
    maxFeePerGas: higher(former.maxFeePerGas, market.maxFeePerGas),
    maxPriorityFeePerGas: higher(former.maxPriorityFeePerGas, market.maxPriorityFeePerGas),
  }
}

function higher(former: string, market: string): string {
  const raised = (BigInt(former) * 5n) / 4n + 1n
  return String(raised > BigInt(market) ? raised : BigInt(market))
}

async function suggestedTip(ask: Ask): Promise<bigint> {
  try {
    return BigInt(String(await ask('eth_maxPriorityFeePerGas')))
  } catch (error) {
    // Not every node has this method.
    if (error instanceof ChainRefused) return ONE_GWEI
    throw error
  }
}
