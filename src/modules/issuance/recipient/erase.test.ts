import { eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { recipientErased } from '#modules/identity/index.ts'
import { testDialects } from '../../../../test/kernel/test-database.ts'
import { file, type Issuance, type IssuanceProcess, person, startIssuance } from '../../../../test/issuance/issuance-alone.ts'

describe.each(testDialects)('a recipient is erased on %s', (_, open) => {
  let issuance: Issuance
  let here: IssuanceProcess
  beforeEach(async () => {
    issuance = await startIssuance(open)
    here = issuance.compose()
  })
  afterEach(() => issuance.stop())

  const row = async () => {
    const { credentials } = issuance.tables
    const [found] = await issuance.database.read.select().from(credentials)
    return found!
  }
  const erase = async (recipientId: string) => {
    issuance.keys.erase(recipientId)
    await issuance.deliver(here.parts, recipientErased, { recipientId })
  }

  test('before the news has come, the same address is put off for a second; after it, it is somebody new', async () => {
    await here.ask('POST', '/v1/credentials', person(1))
    const { recipientId, id } = await row()
    issuance.keys.erase(recipientId)
    const early = await here.ask('POST', '/v1/credentials', person(1))
    expect(early.status).toBe(503)
    expect(early.headers.get('retry-after')).toBe('1')
    await issuance.deliver(here.parts, recipientErased, { recipientId })
    const again = await here.ask('POST', '/v1/credentials', person(1))
    expect(again.status).toBe(202)
    const { credentials } = issuance.tables
    const others = await issuance.database.read.select().from(credentials).where(eq(credentials.id, again.json.id))
    expect(again.json.id).not.toBe(id)
    expect(others[0]!.recipientId).not.toBe(recipientId)
  })

  test('before the credential is signed: nothing is signed, and the batch ends all the same', async () => {
    const { json } = await here.ask('POST', '/v1/batches', file(0, 1))
    // Import alone, then the erasure, then everything else.
    const binding = here.parts.steps!.find(({ definition }) => definition.kind === 'import-batch')!
    const effect = await binding.runner({
      id: 'x', kind: 'import-batch', key: json.id, organizationId: 'acme' as never, input: { batchId: json.id, order: 0 }, attempts: 0, starts: 1,
      signal: new AbortController().signal, renewLease: async () => {},
    })
    await issuance.database.transaction(effect as never)
    await erase((await row()).recipientId)
    await here.runner.start()
    await expect.poll(async () => (await here.ask('GET', `/v1/batches/${json.id}`)).json, { timeout: 40_000 })
      .toMatchObject({ state: 'finished', created: 1, progress: { accepted: 1 }, abandoned: 1 })
    expect((await row()).document).toBeNull()
  })
})
