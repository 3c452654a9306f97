import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { Interface } from 'ethers'
import type { Anvil } from '../../../test/servers/anvil.ts'

/** What an instance says about a credential's place in its log: hashes in base64. */
export interface ClaimedPlace {
  readonly index: number
  readonly salt: string
}

export interface ClaimedAnchor {
  readonly size: number
  readonly inclusionProof: readonly string[]
}

const contract = new Interface(['event Anchored(address indexed sender, uint64 indexed size, bytes32 root)'])
const anchoredTopic = (contract.getEvent('Anchored') as { topicHash: string }).topicHash

type ChainLog = { topics: string[]; data: string; address: string }
type ChainBlock = { transactions: { from: string; to: string | null }[] }

/** Roots that the sender has anchored, by size, as the chain itself tells. */
export async function rootsOnChain({ rpc }: Anvil, sender: string): Promise<Map<number, Buffer>> {
  const topics = [anchoredTopic, `0x${sender.slice(2).toLowerCase().padStart(64, '0')}`]
  const logs = (await rpc('eth_getLogs', { fromBlock: '0x0', toBlock: 'latest', topics })) as ChainLog[]
  if (new Set(logs.map(({ address }) => address)).size > 1) throw new Error('Anchors stand in more than one contract.')
  return new Map(logs.map((log) => {
    const { size, root } = contract.decodeEventLog('Anchored', log.data, log.topics)
    return [Number(size), Buffer.from(String(root).slice(2), 'hex')]
  }))
}

/** Transactions of the sender in all blocks, without those that make a contract. */
export async function transactionsOnChain({ rpc }: Anvil, sender: string): Promise<number> {
  const head = Number(await rpc('eth_blockNumber'))
  let count = 0
  for (let number = 0; number <= head; number++) {
    const { transactions } = (await rpc('eth_getBlockByNumber', `0x${number.toString(16)}`, true)) as ChainBlock
    count += transactions.filter(({ from, to }) => from.toLowerCase() === sender.toLowerCase() && to !== null).length
  }
  return count
}

const sha256 = (...parts: (Uint8Array | string)[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** The log's hash of a credential: docs/decisions/0030, made here once more. */
export function leafHash(credential: unknown, salt: string): Buffer {
  const digest = sha256(canonicalize(credential) as string)
  return sha256(Uint8Array.of(0), sha256('vellum.log.credential.v1\0', Buffer.from(salt, 'base64url'), digest))
}

/** RFC 9162, section 2.1.3.2: the root to which an inclusion proof leads; undefined for one that cannot be. */
export function rootOfProof(leaf: Buffer, index: number, size: number, proof: readonly string[]): Buffer | undefined {
  if (index >= size) return undefined
  let [at, last, hash] = [index, size - 1, leaf]
  for (const text of proof) {
    const sibling = Buffer.from(text, 'base64')
    if (last === 0 || sibling.length !== 32) return undefined
    if (at % 2 === 1 || at === last) {
      hash = sha256(Uint8Array.of(1), sibling, hash)
      while (at % 2 === 0 && at !== 0) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
    } else hash = sha256(Uint8Array.of(1), hash, sibling)
    ;[at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
  }
  return last === 0 ? hash : undefined
}

/** Whether this credential stands under a root that the chain holds. */
export function isAnchored(
  credential: unknown, { index, salt }: ClaimedPlace, { size, inclusionProof }: ClaimedAnchor, roots: ReadonlyMap<number, Buffer>,
): boolean {
  const root = roots.get(size)
  return root !== undefined && (rootOfProof(leafHash(credential, salt), index, size, inclusionProof)?.equals(root) ?? false)
}
