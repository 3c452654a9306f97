import { ChainRefused, ChainUnavailable } from './chain-errors.ts'
import type { RpcError } from './rpc.ts'

// Nodes agree on no codes for these, and only roughly on words: geth, Erigon, Nethermind, Besu, Reth, anvil, providers.
const ALREADY_KNOWN = /already known|already imported|already in the pool|known transaction|alreadyknown/i
const NONCE_USED = /nonce (is )?too low|nonce too small|nonce_too_low|oldnonce|nonce .*already used/i
const UNDERPRICED = /underpriced|fee ?too ?low|less than (the )?block base fee|below .*base fee|gas price too low/i
const NO_MONEY = /insufficient ?(funds|balance)|upfront cost/i
const OVERLOADED = /(rate|request|quota).*(limit|exceed)|compute units|too many requests|pool is full|timed? ?out/i
const LAGGING = /header not found|missing trie node/i
// EIP-1474: limit exceeded, resource unavailable.
const OVERLOADED_CODES = [-32005, -32002]

/**
 * What a node's error means. `already-known` and `nonce-used` are answers to sending a transaction, and no failure;
 * anything else is the error to throw.
 */
export function readNodeError(error: RpcError): 'already-known' | 'nonce-used' | ChainRefused | ChainUnavailable {
  const { code, message } = error
  if (ALREADY_KNOWN.test(message)) return 'already-known'
  if (NONCE_USED.test(message)) return 'nonce-used'
  if (UNDERPRICED.test(message)) return new ChainRefused('underpriced', message, { cause: error })
  if (NO_MONEY.test(message)) {
    return new ChainUnavailable('The anchoring account cannot pay for a transaction: send it funds', { cause: error })
  }
  if (OVERLOADED_CODES.includes(code) || OVERLOADED.test(message) || LAGGING.test(message)) {
    return new ChainUnavailable(`The node said: ${message}`, { cause: error })
  }
  return new ChainRefused('rejected', message, { cause: error })
}
