import { readdirSync } from 'node:fs'
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
    expect(await issuance.database.read.$count(issuance.tables.openUploads)).toBe(0)
  })

  test('and whose process was killed on the way goes at the next start or the next file, a day later; an accepted one stays', async () => {
    const { json } = await here.ask('POST', '/v1/batches', file(0, 5))
    const { openUploads } = issuance.tables
    expect(await issuance.database.read.$count(openUploads)).toBe(0)
    const kill = async (id: string, startedAt: Date) => {
      await issuance.database.transaction((tx) => tx.insert(openUploads).values({ id, organizationId: acme, startedAt }))
      await here.context.blobs.put(pieceBlob(id, 0), acme, acme, new Uint8Array(8))
    }
    await kill('old', new Date(Date.now() - 25 * 3_600_000))
    await kill('young', new Date())
    await here.parts.prepare!()
    expect(pieces().sort()).toEqual([expect.stringContaining(json.id), expect.stringContaining('young')])
    await issuance.database.transaction((tx) => tx.update(openUploads).set({ startedAt: new Date(0) }))
    const { json: next } = await here.ask('POST', '/v1/batches', file(5, 9))
    expect(pieces().sort()).toEqual([expect.stringContaining(json.id), expect.stringContaining(next.id)])
    expect(await issuance.database.read.$count(openUploads)).toBe(0)
  })
})
