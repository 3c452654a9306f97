import { and, desc, eq } from 'drizzle-orm'
import type { SeenCheckpoint } from '../log/recovery.ts'
import type { VerificationContext } from '../verification-context.ts'
import { chainRow } from './anchor-store.ts'
import { createChain } from './chain.ts'

/**
 * The largest tree that this key has anchored, where the chain knows more transactions of it than this database does;
 * undefined when there is nothing to be learned. Throws ChainUnavailable, and ChainRefused when the node will not tell.
 */
export function createChainMemory({ database, config }: VerificationContext): () => Promise<SeenCheckpoint | undefined> {
  return async () => {
    const { EVM_RPC_URL: rpcUrl, ANCHOR_PRIVATE_KEY: privateKey } = config
    if (rpcUrl === undefined || privateKey === undefined) return undefined
    const chain = createChain({ rpcUrl, privateKey, confirmations: 1 })
    const account = await chainRow(database, await chain.chainId(), chain.address)
    if ((await chain.minedTransactions()) <= account.nextNonce) return undefined
    const contractAddress = config.ANCHOR_CONTRACT ?? account.contractAddress
    if (contractAddress === null) return undefined
    const anchored = await chain.newestAnchored({ contractAddress, fromBlock: await knownBlock(account.id) })
    return anchored ? { ...anchored, where: `anchored on chain ${account.chainId}` } : undefined
  }

  /** Of the newest transaction that is final here. */
  async function knownBlock(chain: string): Promise<number> {
    const { anchors } = database.tables
    const [newest] = await database.read
      .select({ blockNumber: anchors.blockNumber })
      .from(anchors)
      .where(and(eq(anchors.chain, chain), eq(anchors.state, 'final')))
      .orderBy(desc(anchors.id))
      .limit(1)
    return newest?.blockNumber ?? 0
  }
}
