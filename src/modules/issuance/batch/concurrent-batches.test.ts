import { count, countDistinct, eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testDialects } from '../../../../test/kernel/test-database.ts'
import { file, type Issuance, type IssuanceProcess, startIssuance } from '../../../../test/issuance/issuance-alone.ts'
import { importBatch } from './import-step.ts'

describe.each(testDialects)('batches at once on %s', (_, open) => {
  let issuance: Issuance
  let here: IssuanceProcess
  beforeEach(async () => {
    issuance = await startIssuance(open)
    here = issuance.compose()
  })
  afterEach(() => issuance.stop())

  const send = async (text: string, headers = {}) => {
    const answer = await here.ask('POST', '/v1/batches', text, headers)
    expect(answer.status, answer.text).toBe(202)
    return answer.json.id as string
  }
  const runImport = async (batchId: string) => {
    const { runner } = here.parts.steps!.find(({ definition }) => definition === importBatch)!
    const effect = await runner({
      id: batchId, kind: 'import-batch', key: batchId, organizationId: 'acme' as never, input: { batchId }, attempts: 0, starts: 1,
      signal: new AbortController().signal, renewLease: async () => {},
    })
    if (effect) await issuance.database.transaction(effect)
  }
  const batch = async (id: string) => (await here.ask('GET', `/v1/batches/${id}`)).json

  test('six files of four hundred people each take their places in one status list without an error', { timeout: 60_000 }, async () => {
    const ids = await Promise.all(Array.from({ length: 6 }, (_, i) => send(file(i * 400, (i + 1) * 400))))
    const outcomes = await Promise.allSettled(ids.map(runImport))
    expect(outcomes.filter(({ status }) => status === 'rejected')).toEqual([])
    for (const id of ids) expect(await batch(id)).toMatchObject({ state: 'issuing', rows: 400, created: 400 })
    const { credentials } = issuance.tables
    const [seen] = await issuance.database.read.select({ all: count(), places: countDistinct(credentials.statusIndex) }).from(credentials)
    expect(seen).toEqual({ all: 2_400, places: 2_400 })
  })

  test('two files with the same people at once issue to each of them once', { timeout: 60_000 }, async () => {
    const ids = [await send(file(0, 300)), await send(file(0, 300).split('\n').toSpliced(1, 0).join('\n'))]
    await Promise.all(ids.map(runImport))
    const [one, other] = await Promise.all(ids.map(batch))
    expect(one.created + other.created).toBe(300)
    expect(one.existing + other.existing).toBe(300)
    expect(await issuance.database.read.$count(issuance.tables.credentials)).toBe(300)
  })

  test('a file that two processes read at once ends as read, once', { timeout: 60_000 }, async () => {
    const id = await send(file(0, 800))
    const outcomes = await Promise.allSettled([runImport(id), runImport(id)])
    const { batchRecords } = issuance.tables
    expect(await issuance.database.read.$count(batchRecords, eq(batchRecords.batchId, id))).toBeGreaterThan(0)
    // Whoever lost did not say that all is done while it is not.
    const state = await batch(id)
    if (outcomes.every(({ status }) => status === 'fulfilled')) expect(state).toMatchObject({ state: 'issuing', rows: 800, created: 800 })
    if (state.state === 'issuing') expect(state).toMatchObject({ rows: 800, created: 800 })
  })
})
