import { readdirSync } from 'node:fs'
import { eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testDialects } from '../../../../test/kernel/test-database.ts'
import { acme, file, type Issuance, type IssuanceProcess, publicUrl, startIssuance } from '../../../../test/issuance/issuance-alone.ts'
import { pieceBlob } from './upload.ts'

describe.each(testDialects)('a file that is sent on %s', (_, open) => {
  let issuance: Issuance
  let here: IssuanceProcess
  beforeEach(async () => {
    issuance = await startIssuance(open)
    here = issuance.compose()
  })
  afterEach(() => issuance.stop())

  const pieces = () => readdirSync(issuance.directory, { recursive: true, encoding: 'utf8' }).filter((name) => /batches\/.*\/\d+$/.test(name))

  test('under one Idempotency-Key, ten times at once over two processes, is stored once and answered alike', async () => {
    const there = issuance.compose()
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) =>
      (i % 2 ? here : there).ask('POST', '/v1/batches', file(0, 5), { 'idempotency-key': 'one' })))
    expect([...new Set(answers.map(({ status, text }) => `${status} ${text}`))]).toHaveLength(1)
    expect(await issuance.database.read.$count(issuance.tables.batches)).toBe(1)
    expect(pieces()).toHaveLength(1)
    const other = await here.ask('POST', '/v1/batches', file(0, 6), { 'idempotency-key': 'one' })
    expect(other.status).toBe(422)
    expect(pieces()).toHaveLength(1)
  })

  test('by a client that goes away leaves nothing', async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(file(0, 20_000)))
      },
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 100))
        controller.error(new Error('gone'))
      },
    })
    await here.app.request(`${publicUrl}/v1/batches`, {
      method: 'POST', headers: { authorization: `Bearer ${acme}`, 'content-type': 'text/csv' }, body, duplex: 'half',
    } as RequestInit)
    expect(pieces()).toHaveLength(0)
  })

  test('and whose process was killed on the way goes when its step is due; an accepted one stays', async () => {
    const { json } = await here.ask('POST', '/v1/batches', file(0, 5))
    const orphan = '0197b6a0-0000-7000-8000-000000000001'
    await here.context.blobs.put(pieceBlob(orphan, 0), acme, acme, new Uint8Array(8))
    const { steps } = issuance.database.raw.platform
    const { definition } = here.parts.steps!.find(({ definition }) => definition.kind === 'discard-upload')!
    await issuance.database.transaction((tx) => tx.addStep(definition, acme, orphan, { batchId: orphan }))
    await issuance.database.platformTransaction(async (_, raw) => {
      await raw.delete(steps).where(eq(steps.kind, 'import-batch'))
      const due = await raw.update(steps).set({ dueAt: new Date(0) }).where(eq(steps.kind, 'discard-upload')).returning({ key: steps.key })
      expect(due.map(({ key }) => key).sort()).toEqual([orphan, json.id].sort())
    })
    await here.runner.start()
    await expect.poll(async () => issuance.database.raw.$count(steps, eq(steps.state, 'done')), { timeout: 10_000 }).toBe(2)
    expect(pieces()).toEqual([expect.stringContaining(json.id)])
  })
})
