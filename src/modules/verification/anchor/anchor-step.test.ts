import { eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { credentialIssued } from '#modules/issuance/index.ts'
import { testDialects } from '../../../../test/kernel/test-database.ts'
import { type Anvil, startAnvil } from '../../../../test/servers/anvil.ts'
import { issuedData, startVerification, until, type Verification } from '../../../../test/verification/verification-alone.ts'
import { credentialLeaf } from '../log/leaf.ts'
import { hashLeaf } from '../log/merkle-hash.ts'
import { verifyInclusion } from '../log/merkle-proof.ts'
import { createChain } from './chain.ts'

let anvil: Anvil
let verification: Verification | undefined
beforeEach(async () => {
  anvil = await startAnvil()
})
afterEach(async () => {
  await verification?.stop()
  verification = undefined
  await anvil.stop()
})

const environment = (over: Record<string, string> = {}) => ({ EVM_RPC_URL: anvil.url, ANCHOR_PRIVATE_KEY: anvil.accounts[0]!.privateKey, ...over })
const start = async (over: Record<string, string> = {}, open = testDialects[0]![1]) =>
  (verification = await startVerification({ environment: environment(over), open }))
const issue = async (count: number) => {
  const all = await Promise.all(Array.from({ length: count }, () => issuedData()))
  await Promise.all(all.map((data) => verification!.deliver(credentialIssued, data)))
  return all
}
const state = () => verification!.handlers().logState({}, {} as never)
const anchored = (size: number) => until(async () => (await state()).anchoredSize >= size, `an anchor of ${size} leaves`)
const published = async () => {
  const { raw } = verification!.database
  return raw.select().from(raw.platform.outbox).where(eq(raw.platform.outbox.name, 'credential.anchored'))
}
const transactions = async () => Number(await anvil.rpc('eth_getTransactionCount', anvil.accounts[0]!.address, 'latest'))
const json = async (path: string) => (await verification!.get(path)).json()

describe('an anchor', { timeout: 60_000 }, () => {
  test.each(testDialects)('holds the root of the log on the chain, is proven for each credential and told once for each (%s)', async (_name, open) => {
    await start({}, open)
    const issued = await issue(7)
    await anchored(7)
    const chain = createChain({ rpcUrl: anvil.url, privateKey: anvil.accounts[0]!.privateKey, confirmations: 1 })
    for (const { publicId, document, salt } of issued) {
      const { anchor, log } = await json(`/v/${publicId}`)
      const recorded = await chain.readAnchor({ contractAddress: anchor.contractAddress, size: anchor.size, sender: anchor.sender })
      const proof = anchor.inclusionProof.map((hash: string) => Buffer.from(hash, 'base64'))
      const leafHash = hashLeaf(credentialLeaf(JSON.parse(document), salt))
      expect(verifyInclusion({ index: log.index, size: anchor.size, leafHash, root: recorded!.root, proof })).toBe(true)
      expect(anchor).toMatchObject({ chainId: 31337, blockNumber: recorded!.blockNumber })
    }
    await until(async () => (await published()).length === 7, 'seven events')
    // A second round: only the new ones are told, and the contract is not deployed again.
    const before = await transactions()
    await issue(3)
    await anchored(10)
    await until(async () => (await published()).length === 10, 'ten events')
    expect((await transactions()) - before).toBeLessThanOrEqual(2)
    const { anchors } = verification!.database.tables
    expect(await verification!.database.read.$count(anchors, eq(anchors.kind, 'deployment'))).toBe(1)
  })

  test('with ANCHOR_QUIET_MS waits while leaves still come, and anchors all of them long before the interval is over', async () => {
    await start({ ANCHOR_INTERVAL_MS: '600000', ANCHOR_QUIET_MS: '700' })
    for (let wave = 0; wave < 6; wave++) {
      await issue(2)
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
    expect((await state()).anchoredSize).toBe(0)
    await anchored(12)
    // The contract, and one anchor for all waves.
    expect(await transactions()).toBe(2)
    await issue(1)
    await anchored(13)
    expect(await transactions()).toBe(3)
  })

  test('with ANCHOR_QUIET_MS anchors when the interval is over, however many leaves still come', async () => {
    await start({ ANCHOR_INTERVAL_MS: '1200', ANCHOR_QUIET_MS: '700' })
    let stopped = false
    const waves = (async () => {
      while (!stopped) {
        await issue(1)
        await new Promise((resolve) => setTimeout(resolve, 150))
      }
    })()
    try {
      await anchored(1)
    } finally {
      stopped = true
      await waves
    }
  })

  test('costs one transaction for all leaves that gathered meanwhile', async () => {
    await start({ ANCHOR_INTERVAL_MS: '600' })
    await issue(250)
    await anchored(250)
    expect(await transactions()).toBeLessThanOrEqual(3)
    await until(async () => (await published()).length === 250, 'an event for each credential')
  })

  test('waits for a chain that is down, and comes when it is back', async () => {
    const port = Number(new URL(anvil.url).port)
    await start()
    await anvil.stop()
    await issue(2)
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect((await state()).anchoredSize).toBe(0)
    anvil = await startAnvil({ port })
    await anchored(2)
    const { raw } = verification!.database
    expect(await raw.$count(raw.platform.steps, eq(raw.platform.steps.state, 'dead'))).toBe(0)
  })

  test('survives a restart at any of its moves, without a gap in its nonces and with one record', async () => {
    await anvil.rpc('evm_setAutomine', false)
    await start()
    await issue(3)
    const mined = async () => anvil.rpc('anvil_mine', '0x1')
    for (let i = 0; i < 60 && (await state()).anchoredSize < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 40))
      await verification!.restart()
      if (i % 4 === 3) await mined()
    }
    await until(async () => (await mined(), (await state()).anchoredSize >= 3), 'the anchor')
    expect(await transactions()).toBe(2)
    await until(async () => (await published()).length === 3, 'three events')
  })

  test('is final only after its confirmations', async () => {
    await start({ ANCHOR_CONFIRMATIONS: '3' })
    await issue(1)
    // The deployment is mined and waits for two more blocks.
    await until(async () => (await transactions()) === 1)
    await anvil.rpc('anvil_mine', '0x2')
    await until(async () => (await transactions()) === 2)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect((await state()).anchoredSize).toBe(0)
    expect(await json('/v/nobody')).toMatchObject({ status: 404 })
    await anvil.rpc('anvil_mine', '0x2')
    await anchored(1)
  })

  test('comes again when a reorganisation of three blocks took it away', async () => {
    await start({ ANCHOR_CONFIRMATIONS: '5' })
    await issue(1)
    await until(async () => (await transactions()) === 1)
    await anvil.rpc('anvil_mine', '0x4')
    await until(async () => (await transactions()) === 2)
    const { anchors } = verification!.database.tables
    const progress = async () =>
      (await verification!.database.read.select({ progress: anchors.progress }).from(anchors).where(eq(anchors.kind, 'checkpoint')))[0]?.progress
    const block = async () => {
      const now = await progress()
      return now?.state === 'mined' || now?.state === 'final' ? now.mined.blockHash : undefined
    }
    const first = await until(block, 'the first block')
    await anvil.rpc('anvil_mine', '0x2')
    await anvil.rpc('anvil_reorg', 3, [])
    await until(async () => (await block()) !== first, 'the loss')
    await until(async () => (await transactions()) === 2, 'the same transaction again')
    expect((await state()).anchoredSize).toBe(0)
    await anvil.rpc('anvil_mine', '0x5')
    await anchored(1)
    expect(await block()).not.toBe(first)
    expect(await transactions()).toBe(2)
  })

  test('comes with the former ones when the chain lost them all, however final they were: under the same hashes, without a gap', async () => {
    await start()
    const before = await anvil.rpc('evm_snapshot')
    for (const size of [1, 2]) {
      await issue(1)
      await anchored(size)
    }
    const { tables, read } = verification!.database
    const told = await read.select({ hash: tables.anchors.transactionHash }).from(tables.anchors)
    await anvil.rpc('evm_revert', before)
    expect(await transactions()).toBe(0)
    await issue(1)
    await anchored(3)
    expect(await transactions()).toBe(4)
    expect(told).toHaveLength(3)
    for (const { hash } of told) expect(await anvil.rpc('eth_getTransactionReceipt', hash)).toMatchObject({ status: '0x1' })
  })

  test('waits unsigned while gas is dearer than allowed, and costs no more than that afterwards', async () => {
    await anvil.rpc('anvil_setNextBlockBaseFeePerGas', '0x174876e800')
    await anvil.rpc('anvil_mine', '0x1')
    await start({ ANCHOR_MAX_FEE_GWEI: '60' })
    await issue(1)
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(await transactions()).toBe(0)
    const { raw, tables } = verification!.database
    expect(await raw.$count(tables.anchors)).toBe(0)
    expect(await raw.$count(raw.platform.steps, eq(raw.platform.steps.state, 'dead'))).toBe(0)
    // A base fee falls by an eighth with each empty block.
    await anvil.rpc('anvil_mine', '0x5')
    await anchored(1)
    for (const { transactionHash } of await raw.select().from(tables.anchors)) {
      const mined = await anvil.rpc('eth_getTransactionReceipt', transactionHash) as { effectiveGasPrice: string }
      expect(Number(mined.effectiveGasPrice)).toBeLessThanOrEqual(60e9)
    }
  })

  test('of a log that was set back is refused visibly, and nothing else is anchored', async () => {
    await start()
    await issue(2)
    await anchored(2)
    const contract = (await state()).contractAddress!
    await verification!.stop()
    await start({ ANCHOR_CONTRACT: contract })
    await issue(2)
    // The chain knows more of this key than this database does: the log is not even begun.
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect((await state()).size).toBe(0)
    // Somebody makes the database believe that it knows all.
    const { raw, tables } = verification!.database
    const { address } = anvil.accounts[0]!
    await verification!.database.transaction(async (tx) => {
      await tx.insert(tables.chains).values({ id: `31337:${address}`, chainId: 31_337, address, contractAddress: contract, nextNonce: 1_000 })
    })
    const [dead] = await until(async () => {
      const found = await raw.select().from(raw.platform.steps).where(eq(raw.platform.steps.state, 'dead'))
      return found.length > 0 ? found : undefined
    }, 'a dead step')
    expect(dead!.lastError).toContain('another root for size 2')
    expect((await state()).anchoredSize).toBe(0)
  })

  test('is made for what was issued before there was a chain', async () => {
    verification = await startVerification()
    const [first] = await issue(3)
    await until(async () => (await state()).size === 3)
    expect((await json(`/v/${first!.publicId}`)).anchor).toBe(null)
    await verification.restart(async () => {}, environment())
    await anchored(3)
  })
})
