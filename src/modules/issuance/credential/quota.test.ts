import { eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { OrganizationId } from '#platform/organization-id.ts'
import { testDialects } from '../../../../test/kernel/test-database.ts'
import { acme, file, type Issuance, type IssuanceProcess, person, startIssuance } from '../../../../test/issuance/issuance-alone.ts'
import { importBatch } from '../batch/import-step.ts'

describe.each(testDialects)('a quota of credentials in a month on %s', { timeout: 60_000 }, (_, open) => {
  let issuance: Issuance
  let here: IssuanceProcess
  let there: IssuanceProcess
  beforeEach(async () => {
    issuance = await startIssuance(open)
    here = issuance.compose()
    there = issuance.compose()
  })
  afterEach(() => issuance.stop())

  const issue = (at: number, key?: string) => (at % 2 ? here : there).ask('POST', '/v1/credentials', person(at), key === undefined ? {} : { 'idempotency-key': key })
  const month = new Date().toISOString().slice(0, 7)

  test('is never exceeded, however many ask at once in two processes', async () => {
    issuance.identity.limits = { credentialsPerMonth: 25 }
    const answers = await Promise.all(Array.from({ length: 60 }, (_, at) => issue(at)))
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(25)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(35)
    expect(await issuance.database.read.$count(issuance.tables.credentials)).toBe(25)
    expect(await issuance.database.read.select().from(issuance.tables.usage)).toEqual([{ organizationId: acme, month, credentials: 25 }])
    const refused = answers.find(({ status }) => status === 429)!
    expect(refused.json).toMatchObject({ type: 'urn:vellum:problem:quota-exceeded', quota: 25, used: 25, renewedAt: expect.stringMatching(/-01T00:00:00.000Z$/) })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    // Who has a credential is told of it all the same.
    const accepted = answers.findIndex(({ status }) => status === 202)
    expect((await issue(accepted)).status).toBe(200)
  })

  test('is told with what became of this month’s credentials, and of none before', async () => {
    for (const at of [1, 2, 3]) await issue(at)
    const { credentials } = issuance.tables
    const [first] = await issuance.database.read.select().from(credentials).limit(1)
    const lastMoment = new Date(`${month}-01T00:00:00Z`).getTime() - 1
    const hex = lastMoment.toString(16).padStart(12, '0')
    await issuance.database.transaction((tx) => tx.update(credentials)
      .set({ id: `${hex.slice(0, 8)}-${hex.slice(8)}-7fff-bfff-ffffffffffff` }).where(eq(credentials.id, first!.id)))
    expect(await here.parts.usage!(acme, month)).toEqual({ total: 3, byState: { accepted: 2 } })
    expect(await here.parts.usage!('other' as OrganizationId, month)).toEqual({ total: 0, byState: {} })
  })

  test('refuses without using up the key of the request', async () => {
    issuance.identity.limits = { credentialsPerMonth: 0 }
    expect((await issue(1, 'one')).status).toBe(429)
    issuance.identity.limits = {}
    const other = issuance.compose()
    expect((await other.ask('POST', '/v1/credentials', person(1), { 'idempotency-key': 'one' })).status).toBe(202)
  })

  test('takes the first records of a file and says of each other why not', async () => {
    issuance.identity.limits = { credentialsPerMonth: 70 }
    await issue(1_000)
    const answer = await here.ask('POST', '/v1/batches', file(0, 130), {})
    const batchId = answer.json.id as string
    const { runner } = here.parts.steps!.find(({ definition }) => definition === importBatch)!
    await runner({
      id: batchId, kind: 'import-batch', key: batchId, organizationId: acme, input: { batchId, order: 0 }, attempts: 0, starts: 1,
      signal: new AbortController().signal, renewLease: async () => {},
    })
    const { batchRecords, usage } = issuance.tables
    const records = (await issuance.database.read.select().from(batchRecords)).sort((a, b) => a.record - b.record)
    expect(records.map(({ outcome }) => outcome)).toEqual([...Array(69).fill('created'), ...Array(61).fill('refused')])
    expect(new Set(records.slice(69).map(({ fault }) => fault?.code))).toEqual(new Set(['quota-exceeded']))
    expect(await issuance.database.read.select().from(usage)).toMatchObject([{ credentials: 70 }])
  })
})
