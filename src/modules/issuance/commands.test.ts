import { eq } from 'drizzle-orm'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { acme, file, type Issuance, type IssuanceProcess, publicUrl, startIssuance } from '../../../test/issuance/issuance-alone.ts'
import { testDialects } from '../../../test/kernel/test-database.ts'
import { follow, mediaTypeOf } from './commands.ts'

let issuance: Issuance
let here: IssuanceProcess
beforeEach(async () => {
  issuance = await startIssuance(testDialects[0]![1])
  here = issuance.compose()
})
afterEach(() => issuance.stop())

const headers = { authorization: `Bearer ${acme}` }
const followed = (path: string) => follow({ fetch: async (at, init) => here.app.request(`${publicUrl}${at}`, init) }, path, headers)

test('a batch that is cancelled while it is followed is followed no further', async () => {
  const { json } = await here.ask('POST', '/v1/batches', file(0, 5))
  const end = followed(`/v1/batches/${json.id}`)
  expect((await here.ask('POST', `/v1/batches/${json.id}/cancel`)).json.state).toBe('cancelling')
  await here.runner.start()
  expect(await end).toMatchObject({ state: 'cancelled', summary: expect.stringMatching(/^Cancelled/) })
})

test('a batch that has failed is followed no further', async () => {
  const { json } = await here.ask('POST', '/v1/batches', file(0, 5))
  const { batches } = issuance.tables
  await issuance.database.transaction(async (tx) => void (await tx.update(batches).set({ state: 'failed', failure: 'It failed.' }).where(eq(batches.id, json.id))))
  expect((await followed(`/v1/batches/${json.id}`)).state).toBe('failed')
})

test('a file is sent as what its name says, in any case; as bytes when the name says nothing', () => {
  const types = ['a.csv', 'b.ndjson', 'c.JSONL', 'd.b.xlsx', 'people', 'people.txt'].map(mediaTypeOf)
  const xlsx = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
  expect(types).toEqual(['text/csv', 'application/x-ndjson', 'application/jsonl', xlsx, 'application/octet-stream', 'application/octet-stream'])
})
