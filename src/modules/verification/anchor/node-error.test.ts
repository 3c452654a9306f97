import { describe, expect, it } from 'vitest'
import { ChainRefused, ChainUnavailable } from './chain-errors.ts'
import { readNodeError } from './node-error.ts'
import { RpcError } from './rpc.ts'

const read = (message: string, code = -32000) => readNodeError(new RpcError(code, message))

describe('what nodes say, in their own words', () => {
  it.each([
    ['geth', 'already known'],
    ['anvil', 'transaction already imported'],
    ['Besu', 'Known transaction'],
    ['Nethermind', 'AlreadyKnown'],
  ])('%s knows the transaction already: “%s”', (_node, message) => {
    expect(read(message)).toBe('already-known')
  })

  it.each([
    ['geth', 'nonce too low: next nonce 5, tx nonce 4'],
    ['anvil', 'nonce too low'],
    ['Besu', 'Nonce too low'],
    ['Nethermind', 'OldNonce, Current nonce: 5, nonce of rejected tx: 4'],
  ])('%s has mined a transaction with this nonce: “%s”', (_node, message) => {
    expect(read(message)).toBe('nonce-used')
  })

  it.each([
    ['geth', 'replacement transaction underpriced'],
    ['geth', 'transaction underpriced: tip needed 1, tip permitted 0'],
    ['geth', 'max fee per gas less than block base fee: address 0x0, maxFeePerGas: 1, baseFee: 7'],
    ['Nethermind', 'FeeTooLow, MaxFeePerGas too low'],
  ])('%s wants more money: “%s”', (_node, message) => {
    expect(read(message)).toMatchObject({ name: 'ChainRefused', reason: 'underpriced' })
  })

  it.each([
    ['geth', 'insufficient funds for gas * price + value: balance 0, tx cost 1', -32000],
    ['anvil', 'Insufficient funds for gas * price + value', -32003],
    ['Besu', 'Upfront cost exceeds account balance', -32004],
    ['a provider', 'Your app has exceeded its compute units per second capacity', 429],
    ['a provider', 'daily request count exceeded, request rate limited', -32005],
    ['geth', 'header not found', -32000],
    ['Erigon', 'txpool is full', -32000],
  ])('%s cannot do it now: “%s”', (_node, message, code) => {
    expect(read(message, code)).toBeInstanceOf(ChainUnavailable)
  })

  it.each([
    ['geth', 'exceeds block gas limit'],
    ['anvil', 'execution reverted'],
    ['geth', 'the method eth_foo does not exist/is not available'],
  ])('%s says no: “%s”', (_node, message) => {
    const answer = read(message)
    expect(answer).toBeInstanceOf(ChainRefused)
    expect(answer).toMatchObject({ reason: 'rejected' })
  })
})
