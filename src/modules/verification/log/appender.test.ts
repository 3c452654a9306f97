import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eq } from 'drizzle-orm'
import { credentialIssued } from '#modules/issuance/index.ts'
import { testDialects } from '../../../../test/kernel/test-database.ts'
import { issuedData, publicUrl, startVerification, until, type Verification } from '../../../../test/verification/verification-alone.ts'
import { logOrigin, openCheckpoint } from './checkpoint.ts'
import { credentialLeaf } from './leaf.ts'
import { hashLeaf } from './merkle-hash.ts'
import { verifyConsistency, verifyInclusion } from './merkle-proof.ts'
import { parseVerifierText } from './signed-note.ts'
import { appendWaiting } from './log-store.ts'

let verification: Verification
afterEach(() => verification.stop())

const bytes = (text: string) => Buffer.from(text, 'base64')

async function checkpoint(atLeast: number) {
  const verifier = parseVerifierText((await (await verification.get('/log/key')).text()).trim())
  return until(async () => {
    const response = await verification.get('/log/checkpoint')
    if (response.status !== 200) return undefined
    const opened = openCheckpoint(await response.text(), logOrigin(publicUrl), [verifier])
    return opened.size >= atLeast ? opened : undefined
  }, `a checkpoint of ${atLeast} leaves`)
}

const keyExists = () => until(async () => (await verification.get('/log/key')).status === 200, 'the key')

describe.each(testDialects)('the log on %s', (_name, open) => {
  beforeEach(async () => {
    verification = await startVerification({ open })
  }, 60_000)

  test('holds the leaf of each credential once, however often its event arrives, and proves it', async () => {
    const issued = await Promise.all(Array.from({ length: 5 }, () => issuedData()))
    for (const [i, data] of issued.entries()) {
      await verification.deliver(credentialIssued, data, `event-${i}`)
      await verification.deliver(credentialIssued, data, `event-${i}`)
    }
    await keyExists()
    const { size, root } = await checkpoint(5)
    expect(size).toBe(5)
    for (const { publicId, document, salt } of issued) {
      const answer = await (await verification.get(`/v/${publicId}`)).json()
      expect(answer.log).toMatchObject({ size: 5, salt, root: Buffer.from(root).toString('base64') })
      const leafHash = hashLeaf(credentialLeaf(JSON.parse(document), salt))
      const proof = answer.log.inclusionProof.map(bytes)
      expect(verifyInclusion({ index: answer.log.index, size, leafHash, root, proof })).toBe(true)
      expect(verifyInclusion({ index: answer.log.index, size, leafHash: hashLeaf(new Uint8Array(32)), root, proof })).toBe(false)
    }
    // Long after its place was given, and under another event: still one leaf for one credential.
    await verification.deliver(credentialIssued, issued[0]!, 'event-0')
    await verification.deliver(credentialIssued, issued[0]!, 'event-of-a-republication')
    await appendWaiting(verification.database)
    expect(await verification.database.read.$count(verification.database.tables.leaves)).toBe(5)
  })

  test('grows only: each checkpoint is the beginning of the next', async () => {
    await verification.deliver(credentialIssued, await issuedData())
    await keyExists()
    let before = await checkpoint(1)
    for (const more of [1, 3, 7]) {
      for (let i = 0; i < more; i++) await verification.deliver(credentialIssued, await issuedData())
      const after = await checkpoint(before.size + more)
      const response = await verification.get(`/log/proof/consistency?from=${before.size}&to=${after.size}`)
      const proof = ((await response.json()).proof as string[]).map(bytes)
      expect(verifyConsistency({ oldSize: before.size, newSize: after.size, oldRoot: before.root, newRoot: after.root, proof })).toBe(true)
      before = after
    }
  })

  test('gives no place twice when two append at once', async () => {
    await Promise.all(Array.from({ length: 30 }, async () => verification.deliver(credentialIssued, await issuedData())))
    await Promise.all([appendWaiting(verification.database), appendWaiting(verification.database), appendWaiting(verification.database)])
    const { leaves } = verification.database.tables
    const rows = await verification.database.read.select({ index: leaves.leafIndex }).from(leaves)
    expect(rows.map(({ index }) => index).sort((a, b) => a! - b!)).toEqual(Array.from({ length: 30 }, (_, i) => i))
  })

  test('refuses to go on when its tables do not lead to its newest checkpoint', async () => {
    const { database } = verification
    const nodes = () => database.read.$count(database.tables.nodes)
    const damage = (root: Uint8Array) => database.transaction(async (tx) => {
      await tx.update(tx.tables.checkpoints).set({ root }).where(eq(tx.tables.checkpoints.size, 1))
    })
    await verification.deliver(credentialIssued, await issuedData())
    await keyExists()
    const { root } = await checkpoint(1)
    await verification.restart(() => damage(new Uint8Array(32)))
    await verification.deliver(credentialIssued, await issuedData())
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(await nodes()).toBe(1)
    await verification.restart(() => damage(root))
    await checkpoint(2)
    expect(await nodes()).toBe(3)
  })

  test('serves tiles and entries of signed trees, and no others', async () => {
    const issued = await Promise.all(Array.from({ length: 3 }, () => issuedData()))
    for (const data of issued) await verification.deliver(credentialIssued, data)
    await keyExists()
    await checkpoint(3)
    const tile = await verification.get('/log/tile/0/000.p/3')
    expect(tile.status).toBe(200)
    expect(tile.headers.get('cache-control')).toContain('immutable')
    const entries = Buffer.from(await (await verification.get('/log/tile/entries/000.p/3')).arrayBuffer())
    expect(entries.length).toBe(3 * 34)
    expect(Buffer.from(await tile.arrayBuffer()).subarray(0, 32)).toEqual(Buffer.from(hashLeaf(entries.subarray(2, 34))))
    for (const path of ['0/000', '0/000.p/4', '0/0.p/3', '1/000.p/1', '0/000.p/03']) {
      expect((await verification.get(`/log/tile/${path}`)).status, path).toBe(404)
    }
    expect((await verification.get('/log/proof/inclusion?index=3')).status).toBe(400)
    expect((await verification.get('/log/proof/inclusion?index=0&size=4')).status).toBe(400)
  })
})
