import { readdirSync } from 'node:fs'
import { eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { retryDeadSteps } from '#platform/work/maintenance.ts'
import { testDialects } from '../../../../test/kernel/test-database.ts'
import { acme, file, type Issuance, type IssuanceProcess, person, startIssuance } from '../../../../test/issuance/issuance-alone.ts'

describe.each(testDialects)('on %s', { timeout: 60_000 }, (_, open) => {
  let issuance: Issuance
  let here: IssuanceProcess
  beforeEach(async () => {
    issuance = await startIssuance(open, { baseMs: 1 })
    here = issuance.compose()
  })
  afterEach(() => issuance.stop())

  const batch = async (id: string, organizationId = acme) => (await here.ask('GET', `/v1/batches/${id}`, undefined, {}, organizationId)).json
  const send = async (text: string, organizationId = acme) => (await here.ask('POST', '/v1/batches', text, {}, organizationId)).json.id as string
  const steps = () => issuance.database.raw.select().from(issuance.database.raw.platform.steps)
  const pieces = () => readdirSync(issuance.directory, { recursive: true, encoding: 'utf8' }).filter((name) => /batches\/.*\/\d+$/.test(name))

  test('a batch whose reading was given up says that it failed, and goes on when the step is driven again', async () => {
    const id = await send(file(0, 3))
    let refuse = true
    // Without a key no status list can be made, and without that nothing is accepted.
    issuance.identity.beforeFreeze = () => {
      if (refuse) throw new Error('not today')
    }
    await here.runner.start()
    await expect.poll(() => batch(id), { timeout: 40_000 }).toMatchObject({ state: 'failed', rows: 0 })
    expect((await batch(id)).summary).toContain('an operator can try again')
    refuse = false
    await retryDeadSteps(issuance.database, { kind: 'import-batch' })
    await expect.poll(() => batch(id), { timeout: 40_000 })
      .toMatchObject({ state: 'finished', created: 3, abandoned: 0, failure: null, progress: { issued: 3 } })
  })

  test('a credential whose printing was given up does not keep its batch waiting', async () => {
    const id = await send(file(0, 2))
    await here.runner.start()
    await expect.poll(() => batch(id), { timeout: 40_000 }).toMatchObject({ progress: { issued: 2 } })
    await here.runner.stop()
    const { credentials } = issuance.tables
    const there = issuance.compose()
    // One of the two refers to a template version that is not there.
    const [one] = await issuance.database.read.select().from(credentials).limit(1)
    await issuance.database.transaction((tx) =>
      tx.update(credentials).set({ state: 'accepted', templateVersion: 99, abandonedAt: null }).where(eq(credentials.id, one!.id)))
    await issuance.database.platformTransaction(async (tx, raw) => {
      await raw.delete(raw.platform.steps)
      await tx.update(tx.tables.batches).set({ state: 'issuing' })
      for (const { definition } of there.parts.steps!)
        if (definition.kind === 'issue-credential') await tx.addStep(definition, acme, one!.id, { credentialId: one!.id } as never)
        else if (definition.kind === 'finish-batch') await tx.addStep(definition, acme, `${id}/1`, { batchId: id, look: 1 } as never)
    })
    await there.runner.start()
    await expect.poll(() => batch(id), { timeout: 40_000 }).toMatchObject({ state: 'finished', abandoned: 1, progress: { accepted: 1, issued: 1 } })
    expect((await batch(id)).summary).toContain('1 could not be issued')
    await issuance.database.transaction((tx) => tx.update(credentials).set({ templateVersion: 1 }))
    await retryDeadSteps(issuance.database, {})
    await expect.poll(() => batch(id), { timeout: 40_000 }).toMatchObject({ abandoned: 0, progress: { issued: 2 } })
  })

  test('the file goes as soon as it is read, not when the last certificate is printed', async () => {
    await send(file(0, 2))
    expect(pieces()).toHaveLength(1)
    await here.runner.start()
    await expect.poll(pieces, { timeout: 40_000 }).toHaveLength(0)
  })

  test('a single issue goes before a batch', async () => {
    await send(file(0, 1))
    await here.ask('POST', '/v1/credentials', person(7))
    await here.runner.start()
    await expect.poll(async () => (await steps()).filter(({ kind, state }) => kind === 'issue-credential' && state === 'done').length, { timeout: 40_000 }).toBe(2)
    expect((await steps()).filter(({ kind }) => kind === 'issue-credential').map(({ priority }) => priority).sort()).toEqual([0, 10])
  })
})
