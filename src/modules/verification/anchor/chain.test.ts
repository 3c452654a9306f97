import { createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startAnvil } from '../../../../test/servers/anvil.ts'
import type { Anvil } from '../../../../test/servers/anvil.ts'
import { until } from '../../../../test/scenarios/until.ts'
import { advance, nextEffect } from './anchor-state.ts'
import type { AnchorProgress } from './anchor-state.ts'
import { ChainRefused, ChainUnavailable } from './chain-errors.ts'
import { createChain } from './chain.ts'
import type { Chain } from './chain.ts'

const root = (text: string) => createHash('sha256').update(text).digest()

let anvil: Anvil
let chain: Chain
let contractAddress: string

beforeAll(async () => {
  anvil = await startAnvil()
  chain = createChain({ rpcUrl: anvil.url, privateKey: anvil.accounts[0]!.privateKey, confirmations: 3 })
  const deployment = await chain.prepareDeployment({ nonce: await chain.nextNonce() })
  await chain.broadcast(deployment.raw)
  expect(await mined(deployment.hash)).toMatchObject({ status: 'success', confirmations: 1 })
  contractAddress = deployment.contractAddress
})
afterAll(() => anvil?.stop())

let size = 0
beforeEach(() => {
  size += 1000
})

const mine = (blocks: number) => anvil.rpc('anvil_mine', `0x${blocks.toString(16)}`)

/** The receipt, once there is one: the node mines at once, but after it has answered. */
function mined(hash: string) {
  return until('a receipt', () => chain.receipt(hash))
}

async function sendAnchor(text: string, anchored = size) {
  const nonce = await chain.nextNonce()
  const signed = await chain.prepareAnchor({ contractAddress, root: root(text), size: anchored, nonce })
  await chain.broadcast(signed.raw)
  return signed
}

async function anchorNow(text: string, anchored = size) {
  const signed = await sendAnchor(text, anchored)
  return { ...signed, receipt: await mined(signed.hash) }
}

describe('anchoring on a real EVM node', () => {
  it('deploys to the address that was known before anything was sent', async () => {
    const code = String(await anvil.rpc('eth_getCode', contractAddress, 'latest'))
    expect(code.length).toBeGreaterThan(200)
  })

  it('writes a root that everyone can read back', async () => {
    expect(await chain.readAnchor({ contractAddress, size })).toBeNull()
    const before = Math.floor(Date.now() / 1000) - 3600
    const { receipt } = await anchorNow('a')
    const recorded = await chain.readAnchor({ contractAddress, size })
    expect(Buffer.from(recorded!.root)).toEqual(root('a'))
    expect(recorded!.blockNumber).toBe(receipt.blockNumber)
    expect(recorded!.timestamp).toBeGreaterThan(before)
  })

  it('takes sizes up to the largest exact integer', async () => {
    await anchorNow('large', Number.MAX_SAFE_INTEGER)
    expect(await chain.readAnchor({ contractAddress, size: Number.MAX_SAFE_INTEGER })).not.toBeNull()
  })

  it('counts the confirmations of a receipt, its own block first', async () => {
    const { hash, receipt } = await anchorNow('a')
    expect(receipt.confirmations).toBe(1)
    await mine(2)
    expect((await chain.receipt(hash))!.confirmations).toBe(3)
    expect(await chain.receipt(`0x${'00'.repeat(32)}`)).toBeNull()
  })

  it('does nothing, successfully, when the same is anchored twice', async () => {
    const first = await anchorNow('a')
    const recorded = await chain.readAnchor({ contractAddress, size })
    await mine(5)
    const second = await anchorNow('a')
    expect(second.hash).not.toBe(first.hash)
    expect(second.receipt.status).toBe('success')
    expect(await chain.readAnchor({ contractAddress, size })).toEqual(recorded)
  })

  it('refuses another root for a size before paying for it', async () => {
    await anchorNow('a')
    await expect(anchorNow('b')).rejects.toMatchObject({ name: 'ChainRefused', reason: 'another-root' })
  })

  it('reverts another root on chain as well, when both were signed before either was mined', async () => {
    const nonce = await chain.nextNonce()
    const one = await chain.prepareAnchor({ contractAddress, root: root('a'), size, nonce })
    const two = await chain.prepareAnchor({ contractAddress, root: root('b'), size, nonce: nonce + 1 })
    await chain.broadcast(one.raw)
    await chain.broadcast(two.raw)
    expect((await mined(two.hash)).status).toBe('reverted')
    expect(Buffer.from((await chain.readAnchor({ contractAddress, size }))!.root)).toEqual(root('a'))
  })

  it('keeps the anchors of each sender apart', async () => {
    const stranger = createChain({ rpcUrl: anvil.url, privateKey: anvil.accounts[1]!.privateKey, confirmations: 1 })
    const squat = { contractAddress, root: root('squatted'), size, nonce: await stranger.nextNonce() }
    const squatting = await stranger.prepareAnchor(squat)
    await stranger.broadcast(squatting.raw)
    await mined(squatting.hash)
    expect(await chain.readAnchor({ contractAddress, size })).toBeNull()
    await anchorNow('a')
    const theirs = await chain.readAnchor({ contractAddress, size, sender: stranger.address })
    expect(Buffer.from(theirs!.root)).toEqual(root('squatted'))
  })

  it('says so when there is no contract at the address', async () => {
    const nowhere = { contractAddress: anvil.accounts[2]!.address, root: root('a'), size, nonce: 0 }
    await expect(chain.prepareAnchor(nowhere)).rejects.toMatchObject({ reason: 'no-contract' })
  })
})

describe('sending the same transaction again', () => {
  it('is harmless while it waits and after it was mined', async () => {
    await anvil.rpc('evm_setAutomine', false)
    try {
      const signed = await sendAnchor('a')
      expect(await chain.broadcast(signed.raw)).toBe('accepted')
      expect(await chain.observe({ nonce: signed.nonce, hashes: [signed.hash] })).toEqual({
        found: false,
        nonceUsed: false,
      })
      await mine(1)
      expect(await chain.broadcast(signed.raw)).toBe('nonce-used')
      expect(await chain.observe({ nonce: signed.nonce, hashes: [signed.hash] })).toMatchObject({
        found: true,
        receipt: { hash: signed.hash, status: 'success' },
      })
      expect(await chain.nextNonce()).toBe(signed.nonce + 1)
    } finally {
      await anvil.rpc('evm_setAutomine', true)
    }
  })

  it('is replaced under the same nonce by a dearer one, of which one alone is mined', async () => {
    await anvil.rpc('evm_setAutomine', false)
    try {
      const cheap = await sendAnchor('a')
      const same = { contractAddress, root: root('a'), size, nonce: cheap.nonce }
      const dear = await chain.prepareAnchor({ ...same, replaces: cheap.fees })
      expect(dear.hash).not.toBe(cheap.hash)
      expect(await chain.broadcast(dear.raw)).toBe('accepted')
      await mine(1)
      const hashes = [cheap.hash, dear.hash]
      expect(await chain.observe({ nonce: cheap.nonce, hashes })).toMatchObject({ receipt: { hash: dear.hash } })
      expect(await chain.receipt(cheap.hash)).toBeNull()
    } finally {
      await anvil.rpc('evm_setAutomine', true)
    }
  })

  it('is called underpriced when its fees do not rise', async () => {
    await anvil.rpc('evm_setAutomine', false)
    try {
      const first = await sendAnchor('a')
      const nonce = first.nonce
      const other = await chain.prepareAnchor({ contractAddress, root: root('a'), size: size + 1, nonce })
      await expect(chain.broadcast(other.raw)).rejects.toMatchObject({ reason: 'underpriced' })
      await mine(1)
    } finally {
      await anvil.rpc('evm_setAutomine', true)
    }
  })

  it('is found to be in vain when a stranger’s transaction has taken the nonce for good', async () => {
    const nonce = await chain.nextNonce()
    const ours = await chain.prepareAnchor({ contractAddress, root: root('a'), size, nonce })
    await anchorNow('taken', size + 1)
    expect(await chain.broadcast(ours.raw)).toBe('nonce-used')
    const asked = { nonce, hashes: [ours.hash] }
    expect(await chain.observe(asked)).toEqual({ found: false, nonceUsed: false })
    await mine(2)
    expect(await chain.observe(asked)).toEqual({ found: false, nonceUsed: true })
  })
})

describe('a crash and a reorganisation', () => {
  const rules = { confirmations: 3, replaceAfterMs: 60_000 }

  /** One run of the step: what the database remembers, one effect, what it remembers then. */
  async function run(progress: AnchorProgress): Promise<AnchorProgress> {
    const effect = nextEffect(progress, Date.now(), rules)
    if (effect === 'sign') {
      const nonce = await chain.nextNonce()
      const signed = await chain.prepareAnchor({ contractAddress, root: root('a'), size, nonce })
      return advance(progress, { fact: 'signed', attempt: { ...signed, signedAt: Date.now() } }, rules)
    }
    if (progress.state !== 'submitted' && progress.state !== 'mined') return progress
    if (effect === 'broadcast') {
      const { raw, hash } = progress.attempts.at(-1)!
      await chain.broadcast(raw)
      await mined(hash)
    }
    const { nonce, attempts } = progress
    const observation = await chain.observe({ nonce, hashes: attempts.map(({ hash }) => hash) })
    return advance(progress, { fact: 'observed', nonce, observation }, rules)
  }

  it('makes one transaction, though the process is killed between broadcast and record', async () => {
    const before = await chain.nextNonce()
    const recorded = await run({ state: 'planned' })
    expect(await run(recorded)).toMatchObject({ state: 'mined' })
    // Killed before that was written: the next run starts from what the database has.
    const again = await run(JSON.parse(JSON.stringify(recorded)))
    expect(again).toMatchObject({ state: 'mined' })
    expect(await chain.nextNonce()).toBe(before + 1)
  })

  it('comes back to the same nonce when its block is reorganised away, and to one anchor in the end', async () => {
    await mine(5)
    const snapshot = await anvil.rpc('evm_snapshot')
    let progress = await run(await run({ state: 'planned' }))
    expect(progress).toMatchObject({ state: 'mined' })
    await mine(1)
    progress = await run(progress)
    expect(progress).toMatchObject({ state: 'mined' })

    // The branch with the transaction loses against one without.
    await anvil.rpc('evm_revert', snapshot)
    await mine(4)
    expect(await chain.readAnchor({ contractAddress, size })).toBeNull()

    const lost = progress
    progress = await run(progress)
    expect(progress).toMatchObject({ state: 'submitted', nonce: lost.state === 'mined' ? lost.nonce : -1 })
    progress = await run(progress)
    expect(progress).toMatchObject({ state: 'mined' })
    await mine(2)
    progress = await run(progress)
    expect(progress).toMatchObject({ state: 'final' })
    const read = await chain.readAnchor({ contractAddress, size })
    expect(read!.blockNumber).toBe(progress.state === 'final' ? progress.mined.blockNumber : -1)
  })

  it('follows its transaction into another block when the node itself reorganises three blocks', async () => {
    await mine(5)
    let progress = await run(await run({ state: 'planned' }))
    const first = progress
    if (first.state !== 'mined') throw new Error('not mined')
    await mine(1)
    const transaction = first.attempts[0]!.raw
    await anvil.rpc('anvil_reorg', 3, [[transaction, 2]])
    progress = await run(progress)
    expect(progress).toMatchObject({ state: 'mined', mined: { hash: first.mined.hash } })
    expect(progress.state === 'mined' && progress.mined.blockHash).not.toBe(first.mined.blockHash)
    await mine(2)
    expect(await run(progress)).toMatchObject({ state: 'final' })
  })
})

describe('a chain that is away', () => {
  const key = () => `0x${randomBytes(32).toString('hex')}`

  async function withNode(handle: RequestListener, use: (chain: Chain) => Promise<void>) {
    const server = createServer(handle)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const rpcUrl = `http://127.0.0.1:${port}/secret-api-key`
    try {
      await use(createChain({ rpcUrl, privateKey: key(), confirmations: 1, timeoutMs: 300 }))
    } finally {
      server.closeAllConnections()
      server.close()
    }
  }

  it('is unavailable when it refuses connections, and its address stays out of the message', async () => {
    const rpcUrl = 'http://127.0.0.1:1/secret-api-key'
    const down = createChain({ rpcUrl, privateKey: key(), confirmations: 1 })
    const error = await down.nextNonce().catch((error: unknown) => error)
    expect(error).toBeInstanceOf(ChainUnavailable)
    expect(String(error)).not.toContain('secret')
  })

  it('is unavailable when it does not answer in time', async () => {
    await withNode(
      () => undefined,
      async (silent) => {
        await expect(silent.broadcast('0x00')).rejects.toThrow('did not answer in 300 ms')
        await expect(silent.broadcast('0x00')).rejects.toThrow(ChainUnavailable)
      },
    )
  })

  it('is unavailable when it sheds load, for as long as it says', async () => {
    await withNode(
      (_request, response) => {
        response.writeHead(429, { 'retry-after': '7' }).end('slow down')
      },
      async (busy) => {
        await expect(busy.nextNonce()).rejects.toMatchObject({ name: 'ChainUnavailable', retryAfterMs: 7000 })
      },
    )
  })

  it('is unavailable when a page of a proxy answers in its place', async () => {
    await withNode(
      (_request, response) => {
        response.end('<h1>Welcome</h1>')
      },
      async (proxy) => {
        await expect(proxy.receipt('0x00')).rejects.toBeInstanceOf(ChainUnavailable)
      },
    )
  })

  it('is unavailable, not refusing, to an account without money', async () => {
    const poor = createChain({ rpcUrl: anvil.url, privateKey: key(), confirmations: 1 })
    const signing = poor.prepareAnchor({ contractAddress, root: root('a'), size, nonce: 0 })
    const sending = signing.then(({ raw }) => poor.broadcast(raw))
    await expect(sending).rejects.toThrow('cannot pay')
    await expect(sending).rejects.toBeInstanceOf(ChainUnavailable)
  })

  it('refuses what is no transaction', async () => {
    await expect(chain.broadcast('0x00')).rejects.toBeInstanceOf(ChainRefused)
  })
})
