import { Interface, Transaction, Wallet, getAddress, getCreateAddress, zeroPadValue } from 'ethers'
import contract from './contract.json' with { type: 'json' }
import { ChainRefused } from './chain-errors.ts'
import { gweiOf, limitedFees, marketFees, neededNow, replacementFees } from './fees.ts'
import type { Fees } from './fees.ts'
import { readNodeError } from './node-error.ts'
import { RpcError, createRpc } from './rpc.ts'

export type ChainOptions = {
  /** JSON-RPC address of an EVM node, http or https. */
  rpcUrl: string
  /** The key that anchors, 32 bytes as 0x-prefixed hex. Its address names the log on chain. */
  privateKey: string
  /** From how many blocks on a transaction is taken for final, its own block included: at least 1. */
  confirmations: number
  /** The most to be paid for a unit of gas, in wei. Default: no limit but the market. */
  mostPerGas?: bigint
  /** Longest wait for one answer. Default 10 s. */
  timeoutMs?: number
}

/**
 * A transaction ready to be sent, as often as one likes: plain JSON, and nothing in it is secret. Record it, then
 * broadcast.
 */
export type SignedTransaction = { hash: string; raw: string; nonce: number; fees: Fees }

/** A mined transaction. Its block may still be reorganised away while `confirmations` is small. */
export type Receipt = {
  hash: string
  status: 'success' | 'reverted'
  blockNumber: number
  blockHash: string
  /** 1 when mined in the newest block. */
  confirmations: number
}

/**
 * What the chain says about a nonce for which one or several transactions were sent, of which at most one can be mined.
 */
export type Observation =
  | { found: true; receipt: Receipt }
  /** `nonceUsed`: the account's final blocks already hold a transaction with this nonce, and it is none of these. */
  | { found: false; nonceUsed: boolean }

/** An anchor as the contract has recorded it. */
export type RecordedAnchor = {
  /** RFC 9162 root, 32 bytes. */
  root: Uint8Array
  blockNumber: number
  /** Of the block, in seconds since 1970. */
  timestamp: number
}

export type Chain = ReturnType<typeof createChain>

const abi = new Interface(contract.abi)
/** More than all the ether that there is. */
const NO_LIMIT = 10n ** 30n
const WRITE_ONCE_GAS = 120_000n
/** Nodes refuse to look for events in many blocks at once. */
const BLOCKS_AT_ONCE = 5_000

/**
 * The anchor contract on an EVM chain. Keeps no state: the caller stores contract address, nonces and signed
 * transactions, and gives each nonce to one transaction (and its replacements) only.
 * Every function throws ChainUnavailable when the chain cannot be used now, and ChainRefused when it says no.
 */
export function createChain({ rpcUrl, privateKey, confirmations, mostPerGas = NO_LIMIT, timeoutMs = 10_000 }: ChainOptions) {
  const wallet = new Wallet(privateKey)
  const call = createRpc(rpcUrl, timeoutMs)

  /** EIP-155 id of the chain behind the node. */
  async function chainId(): Promise<number> {
    return Number(await ask('eth_chainId'))
  }

  /** First nonce that no transaction known to the node uses, the waiting ones included. */
  async function nextNonce(): Promise<number> {
    return Number(await ask('eth_getTransactionCount', wallet.address, 'pending'))
  }

  /**
   * Signs a deployment of the contract. Its address follows from sender and nonce, so it can be recorded before
   * anything is sent.
   */
  async function prepareDeployment(options: { nonce: number; replaces?: Fees }) {
    const data = contract.bytecode
    const contractAddress = getCreateAddress({ from: wallet.address, nonce: options.nonce })
    return { ...(await prepare({ ...options, to: null, data })), contractAddress }
  }

  /**
   * Signs `anchor(root, size)`, and sends nothing.
   * @param options.root RFC 9162 root, 32 bytes
   * @param options.replaces fees of the latest transaction with this nonce: the new ones are at least a quarter higher
   * @throws ChainRefused `too-dear`, `another-root` or `no-contract` before a fee is spent on it
   */
  async function prepareAnchor(options: {
    contractAddress: string
    root: Uint8Array
    size: number
    nonce: number
    replaces?: Fees
  }): Promise<SignedTransaction> {
    const { contractAddress: to, root, size } = options
    const recorded = await readAnchor({ contractAddress: to, size })
    if (recorded && !Buffer.from(recorded.root).equals(root)) {
      throw new ChainRefused('another-root', `Another root is anchored for size ${size} by ${wallet.address}`)
    }
    return prepare({ ...options, to, data: abi.encodeFunctionData('anchor', [root, size]), leastGas: WRITE_ONCE_GAS })
  }

  async function prepare(options: {
    to: string | null
    data: string
    nonce: number
    replaces?: Fees
    leastGas?: bigint
  }): Promise<SignedTransaction> {
    const { to, data, nonce, replaces, leastGas = 0n } = options
    const chainId = BigInt(String(await ask('eth_chainId')))
    const market = await marketFees(ask)
    const fees = replaces ? replacementFees(replaces, market, mostPerGas) : limitedFees(market, mostPerGas)
    if (!fees) throw new ChainRefused('too-dear', `Gas costs ${gweiOf(neededNow(market))} gwei now, and no higher offer is made`)
    const estimate = BigInt(String(await ask('eth_estimateGas', { from: wallet.address, ...(to && { to }), data })))
    const gasLimit = (estimate * 5n) / 4n > leastGas ? (estimate * 5n) / 4n : leastGas
    const price =
      fees.kind === 'eip1559'
        ? { type: 2, maxFeePerGas: fees.maxFeePerGas, maxPriorityFeePerGas: fees.maxPriorityFeePerGas }
        : { type: 0, gasPrice: fees.gasPrice }
    const transaction = Transaction.from({ chainId, nonce, to, data, gasLimit, value: 0, ...price })
    transaction.signature = wallet.signingKey.sign(transaction.unsignedHash)
    return { hash: transaction.hash!, raw: transaction.serialized, nonce, fees }
  }

  /**
   * Sends a signed transaction. Harmless to repeat, after a crash as well.
   * @returns `accepted`, also when the node knew it already; `nonce-used` when a mined transaction has this nonce: this
   * one, an earlier attempt, or a stranger's. `observe` tells which.
   * @throws ChainRefused `underpriced` or `rejected`
   */
  async function broadcast(raw: string): Promise<'accepted' | 'nonce-used'> {
    try {
      await call('eth_sendRawTransaction', raw)
      return 'accepted'
    } catch (error) {
      if (!(error instanceof RpcError)) throw error
      const answer = readNodeError(error)
      if (answer === 'already-known') return 'accepted'
      if (answer === 'nonce-used') return 'nonce-used'
      throw answer
    }
  }

  /** The receipt of a transaction, or null when it is in no block (any more). */
  async function receipt(hash: string): Promise<Receipt | null> {
    return receiptAt(hash, Number(await ask('eth_blockNumber')))
  }

  /**
   * What became of all transactions that were signed for one nonce. The head is read first and the receipts last, so
   * that `nonceUsed` cannot mean one of these.
   */
  async function observe({ nonce, hashes }: { nonce: number; hashes: readonly string[] }): Promise<Observation> {
    const head = Number(await ask('eth_blockNumber'))
    const settled = `0x${Math.max(0, head - confirmations + 1).toString(16)}`
    const count = Number(await ask('eth_getTransactionCount', wallet.address, settled))
    for (const hash of hashes) {
      const receipt = await receiptAt(hash, head)
      if (receipt) return { found: true, receipt }
    }
    return { found: false, nonceUsed: count > nonce }
  }

  async function receiptAt(hash: string, head: number): Promise<Receipt | null> {
    const found = (await ask('eth_getTransactionReceipt', hash)) as Record<string, string> | null
    if (!found?.blockNumber || !found.blockHash) return null
    const blockNumber = Number(found.blockNumber)
    return {
      hash,
      status: BigInt(found.status ?? '0x0') === 1n ? 'success' : 'reverted',
      blockNumber,
      blockHash: found.blockHash,
      confirmations: Math.max(1, head - blockNumber + 1),
    }
  }

  /**
   * The anchor of a tree size, or null. This is what anyone who verifies reads.
   * @param options.sender whose log: default this key's
   */
  async function readAnchor(options: {
    contractAddress: string
    size: number
    sender?: string
  }): Promise<RecordedAnchor | null> {
    const { contractAddress, size, sender = wallet.address } = options
    const data = abi.encodeFunctionData('anchors', [getAddress(sender), size])
    const result = String(await ask('eth_call', { to: contractAddress, data }, 'latest'))
    if (result.length !== 2 + 3 * 64) {
      throw new ChainRefused('no-contract', `There is no anchor contract at ${contractAddress}`)
    }
    const [record] = abi.decodeFunctionResult('anchors', result)
    if (record.blockNumber === 0n) return null
    return {
      root: Buffer.from(record.root.slice(2), 'hex'),
      blockNumber: Number(record.blockNumber),
      timestamp: Number(record.timestamp),
    }
  }

  /** Transactions of this key that stand in the newest block, whoever sent them. */
  async function minedTransactions(): Promise<number> {
    return Number(await ask('eth_getTransactionCount', wallet.address, 'latest'))
  }

  /** The largest tree that this key has anchored from a block on; null when there is none. The newest blocks are asked first. */
  async function newestAnchored(options: { contractAddress: string; fromBlock: number }): Promise<{ size: number; root: Uint8Array } | null> {
    const topics = [abi.getEvent('Anchored')!.topicHash, zeroPadValue(wallet.address, 32)]
    const hex = (block: number) => `0x${block.toString(16)}`
    for (let to = Number(await ask('eth_blockNumber')); to >= options.fromBlock; to -= BLOCKS_AT_ONCE) {
      const from = Math.max(options.fromBlock, to - BLOCKS_AT_ONCE + 1)
      const filter = { address: options.contractAddress, fromBlock: hex(from), toBlock: hex(to), topics }
      const logs = (await ask('eth_getLogs', filter)) as { topics: string[]; data: string }[]
      const found = logs.map((log) => abi.parseLog(log)!.args).map(({ size, root }) => ({ size: Number(size), root: Buffer.from(String(root).slice(2), 'hex') }))
      if (found.length > 0) return found.reduce((largest, one) => (one.size > largest.size ? one : largest))
    }
    return null
  }

  async function ask(method: string, ...params: unknown[]): Promise<unknown> {
    try {
      return await call(method, ...params)
    } catch (error) {
      if (!(error instanceof RpcError)) throw error
      const answer = readNodeError(error)
      throw typeof answer === 'string' ? new ChainRefused('rejected', error.message, { cause: error }) : answer
    }
  }

  return {
    address: wallet.address,
    confirmations,
    chainId,
    nextNonce,
    prepareDeployment,
    prepareAnchor,
    broadcast,
    observe,
    receipt,
    readAnchor,
    minedTransactions,
    newestAnchored,
  }
}
