import { ChainRefused } from './chain-errors.ts'

/** What a transaction offers for a unit of gas, in wei, as decimal text so that it survives JSON. */
export type Fees =
  | { kind: 'eip1559'; maxFeePerGas: string; maxPriorityFeePerGas: string }
  /** For chains without a base fee. */
  | { kind: 'legacy'; gasPrice: string }

type Ask = (method: string, ...params: unknown[]) => Promise<unknown>

const ONE_GWEI = 1_000_000_000n

export const gweiOf = (wei: bigint): number => Number(wei) / Number(ONE_GWEI)
export const weiOf = (gwei: number): bigint => BigInt(Math.round(gwei * Number(ONE_GWEI)))

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

/** More than so many times the market brings a transaction no further: it is no price that holds it up. */
const ENOUGH = 4n

/**
 * The market's fees, below a limit in wei for a unit of gas: with less room for a base fee that rises, as long as the next block
 * takes them.
 * @returns undefined when the next block asks for more than the limit
 */
export function limitedFees(market: Fees, most: bigint): Fees | undefined {
  if (offerOf(market) <= most) return market
  return neededNow(market) <= most ? cutTo(most, market) : undefined
}

/**
 * Fees of a replacement, so that what is paid in the end has a bound: at most the limit, and at most four times the market.
 * @returns undefined when no higher offer is allowed, or none would help
 */
export function replacementFees(former: Fees, market: Fees, most: bigint): Fees | undefined {
  const raised = raisedFees(former, market)
  if (offerOf(raised) > ENOUGH * offerOf(market)) return undefined
  if (offerOf(raised) <= most) return raised
  // Nodes ask for a tenth more.
  const counts = most * 10n >= offerOf(former) * 11n && neededNow(market) <= most
  return counts && raised.kind === 'eip1559' ? cutTo(most, raised) : undefined
}

/** The most that is paid for a unit of gas, in wei. */
export const offerOf = (fees: Fees): bigint => BigInt(fees.kind === 'legacy' ? fees.gasPrice : fees.maxFeePerGas)

/** What the next block asks for, where the market offers twice its base fee and the tip. */
export const neededNow = (market: Fees): bigint =>
  market.kind === 'legacy' ? BigInt(market.gasPrice) : (BigInt(market.maxFeePerGas) + BigInt(market.maxPriorityFeePerGas)) / 2n

function cutTo(most: bigint, fees: Fees): Fees {
  if (fees.kind === 'legacy') return { kind: 'legacy', gasPrice: String(most) }
  const tip = BigInt(fees.maxPriorityFeePerGas)
  return { kind: 'eip1559', maxFeePerGas: String(most), maxPriorityFeePerGas: String(tip < most ? tip : most) }
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
