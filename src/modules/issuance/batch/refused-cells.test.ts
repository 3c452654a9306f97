import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { recipientErased } from '#modules/identity/index.ts'
import { testDialects } from '../../../../test/kernel/test-database.ts'
import { acme, type Issuance, type IssuanceProcess, startIssuance } from '../../../../test/issuance/issuance-alone.ts'

describe.each(testDialects)('what is kept of refused records on %s', { timeout: 60_000 }, (_, open) => {
  let issuance: Issuance
  let here: IssuanceProcess
  beforeEach(async () => {
    issuance = await startIssuance(open, { baseMs: 1 })
    here = issuance.compose()
  })
  afterEach(() => issuance.stop())

  const text = 'name,email,achievement,completed\nAda,ada@example.org,Rust,\nAda Lovelace,ADA@example.org,Rust,never\nQuackenbush,,Rust,\n'
  const errors = async (id: string) => {
    const answer = await here.app.request(`https://vellum.example/v1/batches/${id}/errors.csv`, { headers: { authorization: `Bearer ${acme}` } })
    return (await answer.text()).split('\r\n')
  }
  const imported = async () => {
    const id = (await here.ask('POST', '/v1/batches', text)).json.id as string
    await here.runner.start()
    await expect.poll(async () => (await here.ask('GET', `/v1/batches/${id}`)).json.state, { timeout: 40_000 }).toBe('finished')
    return id
  }

  test('is sealed, and goes with the person whose address it holds', async () => {
    const id = await imported()
    const { batchRecords, recipients } = issuance.tables
    for (const { cells } of await issuance.database.read.select().from(batchRecords))
      expect(Buffer.from(cells ?? []).toString('latin1')).not.toMatch(/Lovelace|Quackenbush/)
    expect((await errors(id))[1]).toContain('Ada Lovelace,ADA@example.org,Rust,never,3,date-invalid')
    const [{ id: recipientId } = { id: '' }] = await issuance.database.read.select().from(recipients)
    await issuance.deliver(here.parts, recipientErased, { recipientId })
    const [, ada, other] = await errors(id)
    expect(ada).toMatch(/^,,,,3,date-invalid/)
    expect(other).toContain('Quackenbush,,Rust,,4,required')
  })

  test('goes after thirty days, and may go twice', async () => {
    const id = await imported()
    const { raw } = issuance.database
    const step = (await raw.select().from(raw.platform.steps)).find(({ kind }) => kind === 'forget-refused')!
    expect(step.dueAt.getTime()).toBeGreaterThan(Date.now() + 29 * 86_400_000)
    const { runner } = here.parts.steps!.find(({ definition }) => definition.kind === 'forget-refused')!
    for (let times = 0; times < 2; times++)
      await runner({ ...step, organizationId: acme, input: step.input, signal: new AbortController().signal, renewLease: async () => {} })
    expect((await errors(id)).slice(1, 3).map((line) => line.slice(0, 6))).toEqual([',,,,3,', ',,,,4,'])
  })
})
