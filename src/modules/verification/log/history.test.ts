import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { gte } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { credentialIssued } from '#modules/issuance/index.ts'
import { startAnvil } from '../../../../test/servers/anvil.ts'
import { testDialects } from '../../../../test/kernel/test-database.ts'
import { type IssuedData, issuedData, publicUrl, startVerification, until, type Verification } from '../../../../test/verification/verification-alone.ts'
import { logOrigin, openCheckpoint } from './checkpoint.ts'
import { verifyConsistency } from './merkle-proof.ts'
import { parseVerifierText } from './signed-note.ts'
import { entriesOf } from './tile.ts'

let verification: Verification
afterEach(() => verification.stop())

async function checkpoint(atLeast: number) {
  const verifier = parseVerifierText((await (await verification.get('/log/key')).text()).trim())
  return until(async () => {
    const response = await verification.get('/log/checkpoint')
    if (response.status !== 200) return undefined
    const note = await response.text()
    const opened = openCheckpoint(note, logOrigin(publicUrl), [verifier])
    return opened.size >= atLeast ? { ...opened, note } : undefined
  }, `a checkpoint of ${atLeast} leaves`)
}

async function issue(count: number): Promise<IssuedData[]> {
  const issued = await Promise.all(Array.from({ length: count }, () => issuedData()))
  for (const data of issued) await verification.deliver(credentialIssued, data, `event of ${data.credentialId}`)
  return issued
}

/** What the world keeps of the log. */
async function copyOfLog() {
  const { size, note } = await checkpoint(1)
  const bundle = await verification.get(`/log/tile/entries/000.p/${size}`)
  const leaves = entriesOf(new Uint8Array(await bundle.arrayBuffer())).map((entry) => Buffer.from(entry).toString('base64'))
  return { size, note, leaves }
}

/** The database as it was when it had so many leaves, as a copy of it from then would be. */
async function setBack(size: number, issued: readonly IssuedData[]): Promise<void> {
  const { tables } = verification.database
  const kept = new Set(issued.slice(0, size).map(({ credentialId }) => credentialId))
  await verification.database.transaction(async (tx) => {
    const rows = await tx.select().from(tables.leaves)
    const nodes = await tx.select().from(tables.nodes)
    await tx.delete(tables.checkpoints).where(gte(tables.checkpoints.size, size + 1))
    await tx.delete(tables.nodes)
    await tx.delete(tables.leaves)
    if (size > 0) {
      await tx.insert(tables.nodes).values(nodes.filter(({ level, position }) => (position + 1) * 2 ** level <= size))
      await tx.insert(tables.leaves).values(rows.filter(({ credentialId }) => kept.has(credentialId)))
    }
    await tx.delete(tables.credentials)
    await tx.update(tables.logState).set({ size })
  })
}

const places = async () => {
  const { read, tables: { leaves } } = verification.database
  const rows = await read.select({ credentialId: leaves.credentialId, index: leaves.leafIndex }).from(leaves)
  return new Map(rows.map(({ credentialId, index }) => [credentialId, index]))
}
const size = async () => [...(await places()).values()].filter((index) => index !== null).length
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 400))

describe.each(testDialects)('an older database on %s', (_name, open) => {
  let issued: IssuedData[]
  beforeEach(async () => {
    verification = await startVerification({ open })
    issued = await issue(3)
    await until(async () => (await verification.get('/log/key')).status === 200)
    await checkpoint(3)
    issued.push(...(await issue(4)))
    await checkpoint(7)
  }, 60_000)

  test('appends nothing, and goes on once the leaves are back in their places', async () => {
    const copy = await copyOfLog()
    const before = await places()
    await verification.restart(() => setBack(3, issued))
    // In another order than they were told of at first.
    for (const data of issued.slice(5).toReversed()) await verification.deliver(credentialIssued, data, `event of ${data.credentialId}`)
    const [late] = await issue(1)
    await aMoment()
    expect(await size()).toBe(3)
    expect((await checkpoint(1)).size).toBe(3)

    await verification.handlers().recoverLog({ note: copy.note, from: 0, leaves: copy.leaves }, {} as never)
    const { root, size: grown } = await checkpoint(8)
    // The others are told of only now.
    for (const data of issued) await verification.deliver(credentialIssued, data, `event of ${data.credentialId}`)
    const after = await places()
    for (const { credentialId } of issued) expect(after.get(credentialId)).toBe(before.get(credentialId))
    expect(after.get(late!.credentialId)).toBe(7)
    expect(after.size).toBe(8)
    const old = openCheckpoint(copy.note, logOrigin(publicUrl), [parseVerifierText((await (await verification.get('/log/key')).text()).trim())])
    const response = await verification.get(`/log/proof/consistency?from=7&to=${grown}`)
    const proof = ((await response.json()).proof as string[]).map((text) => Buffer.from(text, 'base64'))
    expect(verifyConsistency({ oldSize: 7, newSize: grown, oldRoot: old.root, newRoot: root, proof })).toBe(true)
  })

  test('takes back nothing that does not lead to a checkpoint of this log', async () => {
    const copy = await copyOfLog()
    await verification.restart(() => setBack(3, issued))
    const { recoverLog } = verification.handlers()
    const swapped = [...copy.leaves.slice(0, 5), copy.leaves[6]!, copy.leaves[5]!]
    await recoverLog({ note: copy.note, from: 0, leaves: swapped }, {} as never)
    await issue(1)
    await aMoment()
    expect(await size()).toBe(3)
    await expect(recoverLog({ note: copy.note, from: 0, leaves: [copy.leaves[1]!] }, {} as never)).rejects.toMatchObject({ code: 'state-refused' })
    await expect(recoverLog({ note: copy.note.replace('\n7\n', '\n8\n'), from: 0, leaves: [] }, {} as never)).rejects.toThrow()
  })

  test('is found out by what stands in DATA_DIR, also when it is empty', async () => {
    await verification.restart(async () => {
      await setBack(0, issued)
      await verification.database.transaction(async (tx) => void (await tx.delete(tx.tables.logKeys)))
    })
    await issue(1)
    await aMoment()
    expect(await size()).toBe(0)
    // Nobody told of the rest: without the chain there is nothing to be found out by.
    rmSync(join(verification.dataDir, 'log-checkpoint'))
    await verification.restart()
    await until(async () => (await size()) === 1)
  })
})

test('an older database is found out by the chain, where nothing else tells', async () => {
  const anvil = await startAnvil()
  try {
    const environment = { EVM_RPC_URL: anvil.url, ANCHOR_PRIVATE_KEY: anvil.accounts[0]!.privateKey, ANCHOR_INTERVAL_MS: '20' }
    verification = await startVerification({ environment })
    const { anchors, chains } = verification.database.tables
    const isAnchored = (leaves: number) => until(async () =>
      (await verification.database.read.select().from(anchors)).some(({ state, size }) => state === 'final' && size >= leaves), `an anchor of ${leaves}`)
    const issued = await issue(2)
    await isAnchored(2)
    const [known] = await verification.database.read.select().from(chains)
    const anchored = await verification.database.read.select().from(anchors)
    issued.push(...(await issue(2)))
    await isAnchored(4)
    const copy = await copyOfLog()
    await verification.restart(async () => {
      await setBack(2, issued)
      await verification.database.transaction(async (tx) => {
        await tx.update(chains).set(known!)
        await tx.delete(anchors)
        await tx.insert(anchors).values(anchored)
      })
      rmSync(join(verification.dataDir, 'log-checkpoint'))
    })
    await issue(1)
    await aMoment()
    expect(await size()).toBe(2)
    await verification.handlers().recoverLog({ note: copy.note, from: 2, leaves: copy.leaves.slice(2) }, {} as never)
    await until(async () => (await size()) === 5)
    await isAnchored(5)
  } finally {
    await anvil.stop()
  }
}, 60_000)
