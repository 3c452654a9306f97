import { Wallet } from 'ethers'
import { type Check, fail, ok, warn } from '#platform/check.ts'
import { gweiOf, marketFees, neededNow } from './anchor/fees.ts'
import { knownChains } from './anchor/known-chains.ts'
import { createRpc } from './anchor/rpc.ts'
import type { VerificationConfig } from './config.ts'

/** Whether checkpoints can be anchored. Nothing is sent. */
export const verificationChecks = ({
  EVM_RPC_URL: url, ANCHOR_PRIVATE_KEY: key, ANCHOR_CONTRACT: contract, ANCHOR_MAX_FEE_GWEI: most,
}: VerificationConfig): Check[] =>
  url === undefined || key === undefined
    ? []
    : [{
        name: 'chain',
        async run() {
          const ask = createRpc(url, 10_000)
          const id = Number(await ask('eth_chainId'))
          const { address } = new Wallet(key)
          const balance = BigInt(String(await ask('eth_getBalance', address, 'latest')))
          if (balance === 0n) return fail(`The account ${address} has nothing on chain ${id} to pay anchors with; send some to it.`)
          if (contract !== undefined && (await ask('eth_getCode', contract, 'latest')) === '0x') {
            return fail(`There is no contract at ${contract} on chain ${id}; correct ANCHOR_CONTRACT, or leave it out.`)
          }
          const price = gweiOf(neededNow(await marketFees(ask)))
          if (price > most) {
            return warn(`Gas costs ${price} gwei on chain ${id}, more than ANCHOR_MAX_FEE_GWEI allows (${most}): anchors wait until it is cheaper, or until you allow more.`)
          }
          const known = knownChains[id]
          if (known?.kind === 'public') return ok(`The node answers for ${known.name}, chain ${id}.`)
          return warn(`The node answers for chain ${id}, ${known ? `a ${known.kind} chain` : 'which is not known here'}: what an anchor on it is worth is yours to know.`)
        },
      }]
