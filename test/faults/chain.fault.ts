import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { platformContract } from '#platform/platform-operations.ts'
import { until } from '../scenarios/until.ts'
import { type Anvil, startAnvil } from '../servers/anvil.ts'
import { freePort } from '../servers/free-port.ts'
import { startRoundRobin } from '../servers/round-robin.ts'
import type { Fault } from './fault.ts'
import { type Entry, openLedger, settleAll } from './ledger.ts'
import { openSite, type Site, untilQuiet } from './site.ts'
import { expectSound, type Listed } from './soundness.ts'

const CONFIRMATIONS = 5
const MOST_GWEI = 60
/** A price above so many times the base fee is without reason. */
const ENOUGH = 4

/** Mines a block ten times a second, at the base fee that is asked for, and can be held. */
interface Miner {
  baseGwei: number
  /** Answers once no block is on its way. */
  hold(): Promise<void>
  go(): void
  mine(blocks: number): Promise<void>
  stop(): Promise<void>
}

async function startMiner({ rpc }: Anvil): Promise<Miner> {
  await rpc('evm_setAutomine', false)
  let [held, stopped] = [false, false]
  let mining = Promise.resolve()
  const miner: Miner = {
    baseGwei: 1,
    hold: async () => {
      held = true
      await mining
    },
    go: () => void (held = false),
    async mine(blocks) {
      for (let block = 0; block < blocks; block++) {
        await rpc('anvil_setNextBlockBaseFeePerGas', `0x${(miner.baseGwei * 1e9).toString(16)}`)
        await rpc('anvil_mine', '0x1')
      }
    },
    async stop() {
      stopped = true
      await running
    },
  }
  const running = (async () => {
    while (!stopped) {
      if (!held) await (mining = miner.mine(1))
      await delay(100)
    }
  })()
  return miner
}

interface Mined {
  readonly hash: string
  readonly nonce: number
  readonly gasGwei: number
}

/** What stands on the chain, and waits for it, of the account that anchors. */
function createObserver({ rpc, accounts: [account] }: Anvil) {
  const from = account!.address
  const count = async (at: 'latest' | 'pending') => Number(await rpc('eth_getTransactionCount', from, at))
  return {
    mined: () => count('latest'),
    /** The hash of the transaction that waits. */
    async waiting(): Promise<string | undefined> {
      const { pending } = await rpc('txpool_content') as { pending: Record<string, Record<string, { hash: string }>> }
      return Object.values(pending).flatMap((byNonce) => Object.values(byNonce))[0]?.hash
    },
    /** All that is mined, in the order of the chain. */
    async transactions(): Promise<Mined[]> {
      const found: Mined[] = []
      for (let block = 1, head = Number(await rpc('eth_blockNumber')); block <= head; block++) {
        const { transactions } = await rpc('eth_getBlockByNumber', `0x${block.toString(16)}`, false) as { transactions: string[] }
        for (const hash of transactions) {
          const { nonce } = await rpc('eth_getTransactionByHash', hash) as { nonce: string }
          const { effectiveGasPrice, status } = await rpc('eth_getTransactionReceipt', hash) as { effectiveGasPrice: string; status: string }
          assert.equal(Number(status), 1, `${hash} was reverted.`)
          found.push({ hash, nonce: Number(nonce), gasGwei: Number(effectiveGasPrice) / 1e9 })
        }
      }
      return found
    },
    /** Nothing waits for a nonce that is not there, nor for anything else. */
    async expectNothingWaiting() {
      assert.deepEqual(await rpc('txpool_status'), { pending: '0x0', queued: '0x0' })
      assert.equal(await count('pending'), await count('latest'))
    },
  }
}

interface Anchor {
  readonly size: number
  readonly transactionHash: string
}

async function anchorOf({ ask }: Site, publicUrl: string): Promise<Anchor | undefined> {
  const { status, json } = await ask('GET', publicUrl, { headers: { accept: 'application/json' } })
  return status === 200 ? (json.anchor ?? undefined) : undefined
}

const chainFault: Fault = {
  name: 'the chain is away, reorganised by 3 blocks, loses transactions, is ten times as dear, then too dear, and set back: each anchor once, no gap, no price without bound',
  async run({ say }) {
    const anvil = await startAnvil()
    const miner = await startMiner(anvil)
    const chain = createObserver(anvil)
    const doorPort = await freePort()
    const openDoor = () => startRoundRobin(doorPort, [Number(new URL(anvil.url).port)])
    let door = await openDoor()
    let site: Site | undefined
    try {
      site = await openSite({
        environment: {
          EVM_RPC_URL: `http://127.0.0.1:${doorPort}`,
          ANCHOR_PRIVATE_KEY: anvil.accounts[0]!.privateKey,
          ANCHOR_CONFIRMATIONS: String(CONFIRMATIONS),
          ANCHOR_INTERVAL_MS: '200',
          ANCHOR_POLL_MS: '50',
          ANCHOR_REPLACE_AFTER_MS: '1000',
          ANCHOR_MAX_FEE_GWEI: String(MOST_GWEI),
        },
      })
      const here = site
      const { issuer, installation } = site
      const book: Entry[] = []
      const issue = async (round: string) => {
        const entries = openLedger(issuer, 4, round)
        await settleAll(issuer, entries, 4)
        book.push(...entries)
        return entries
      }
      const anchored = async (entries: readonly Entry[]): Promise<Anchor> => {
        const anchors = await Promise.all(entries.map(({ key, answers }) =>
          until(`the anchor of ${key}`, () => anchorOf(here, answers[0]!.json.links.public as string))))
        return anchors.at(-1)!
      }
      /** A transaction that is not mined yet, while the miner is held. */
      const issueAndHold = async (round: string) => {
        await miner.hold()
        const entries = await issue(round)
        return { entries, hash: await until('a transaction that waits', chain.waiting) }
      }

      // Away, from before the first transaction.
      await door.stop()
      const first = await issue('away')
      await delay(1_000)
      assert.equal(await chain.mined(), 0)
      door = await openDoor()
      await anchored(first)
      const early = await anvil.rpc('evm_snapshot')

      // Reorganised.
      const moved = await issueAndHold('moved')
      await miner.mine(3)
      assert.ok(await anvil.rpc('eth_getTransactionReceipt', moved.hash), 'It was not mined.')
      // It is found there, and believed when it has five.
      await delay(400)
      await anvil.rpc('anvil_reorg', 3, [])
      assert.equal(await anvil.rpc('eth_getTransactionReceipt', moved.hash), null, 'The reorganisation left it where it was.')
      miner.go()
      await anchored(moved.entries)

      // Dropped by the node.
      const dropped = await issueAndHold('dropped')
      await anvil.rpc('anvil_dropTransaction', dropped.hash)
      miner.go()
      await anchored(dropped.entries)

      // Ten times as dear while it waits.
      const dear = await issueAndHold('dear')
      miner.baseGwei = 10
      miner.go()
      const { transactionHash } = await anchored(dear.entries)
      assert.notEqual(transactionHash, dear.hash, 'What waited was mined below the base fee.')

      // Dearer than is allowed.
      miner.baseGwei = MOST_GWEI * 2
      await miner.mine(1)
      const before = await chain.mined()
      const late = await issue('late')
      const [{ stdout }] = await Promise.all([installation.cli('doctor'), delay(1_500)])
      assert.equal(await chain.mined(), before)
      await chain.expectNothingWaiting()
      assert.match(stdout, /more than ANCHOR_MAX_FEE_GWEI allows/)
      miner.baseGwei = 1
      await anchored(late)

      // Set back to where hardly anything was anchored.
      await miner.hold()
      const paid = await chain.transactions()
      await anvil.rpc('evm_revert', early)
      miner.go()
      await anchored(await issue('back'))
      await untilQuiet(site)
      await miner.hold()

      const { credentials } = await expectSound(site, book)
      await chain.expectNothingWaiting()
      const mined = await chain.transactions()
      assert.deepEqual(mined.map(({ nonce }) => nonce), mined.map((_, at) => at))
      await expectOneTransactionEach(site, credentials, mined)
      // What is dear is what was mined while gas was ten times as dear, and that is far from what was allowed.
      const dearest = Math.max(...paid.map(({ gasGwei }) => gasGwei))
      assert.ok(dearest >= 10 && dearest <= ENOUGH * 10, `The dearest was paid with ${dearest} gwei.`)
      say(`${mined.length} transactions, the dearest at ${dearest.toFixed(1)} gwei`)
    } finally {
      await site?.stop()
      await door.stop()
      await miner.stop()
      await anvil.stop()
    }
  },
}

/** Each anchor that credentials tell is a transaction of its own, and beside them there is the contract alone. */
async function expectOneTransactionEach(site: Site, credentials: readonly Listed[], mined: readonly Mined[]): Promise<void> {
  const hashOf = new Map<number, string>()
  for (const { publicUrl } of credentials) {
    const anchor = await anchorOf(site, publicUrl)
    assert.ok(anchor, `${publicUrl} is not anchored.`)
    assert.equal(hashOf.get(anchor.size) ?? anchor.transactionHash, anchor.transactionHash)
    hashOf.set(anchor.size, anchor.transactionHash)
  }
  assert.deepEqual(mined.slice(1).map(({ hash }) => hash).toSorted(), [...hashOf.values()].toSorted())
  const { events } = await site.client(platformContract('verification')).storedEventPage({ family: 'credential', limit: 1_000 })
  assert.deepEqual(events.map(({ key }) => key).toSorted(), credentials.map(({ publicUrl }) => publicUrl.split('/').at(-1)).toSorted(), 'An anchor was told twice, or never.')
}

export default [chainFault]
