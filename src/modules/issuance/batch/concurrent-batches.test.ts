import { count, countDistinct } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Unavailable } from '#platform/work/step.ts'
import { testDialects } from '../../../../test/kernel/test-database.ts'
import { acme, file, type Issuance, type IssuanceProcess, startIssuance } from '../../../../test/issuance/issuance-alone.ts'
import { createAchievements } from '../achievement/achievements.ts'
import { createAcceptance } from '../credential/accept.ts'
import { createOrganizationProfiles } from '../organization-profiles.ts'
import { createQuota } from '../credential/quota.ts'
import { createRecipients } from '../recipient/recipients.ts'
import { createOrganizationKeys } from '../signing/organization-keys.ts'
import { createStatusLists } from '../status-list/status-lists.ts'
import { createImportRunner, importBatch } from './import-step.ts'

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
      id: batchId, kind: 'import-batch', key: batchId, organizationId: acme, input: { batchId, order: 0 }, attempts: 0, starts: 1,
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

  test('of two processes that read one file, the one that lost does not say that all is done, and another look ends it', { timeout: 60_000 }, async () => {
    const id = await send(file(0, 800))
    const outcomes = await Promise.allSettled([runImport(id), runImport(id)])
    for (const outcome of outcomes) if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(Unavailable)
    await runImport(id)
    expect(await batch(id)).toMatchObject({ state: 'issuing', rows: 800, created: 800 })
    expect(await issuance.database.read.$count(issuance.tables.batchRecords)).toBe(800)
  })

  test('a long file is read in turns, so that others are not kept waiting', { timeout: 60_000 }, async () => {
    const id = await send(file(0, 1_000))
    const { context } = here
    const profiles = createOrganizationProfiles(context)
    const lists = createStatusLists(context, createOrganizationKeys(context))
    const runner = createImportRunner(context, createAcceptance(context, createRecipients(context), createAchievements(context), lists, createQuota(context)), profiles, { turn: 400 })
    const seen: number[] = []
    for (let turns = 0; (await batch(id)).state === 'importing'; turns++) {
      if (turns === 9) throw new Error('It never ends.')
      const effect = await runner({
        id, kind: 'import-batch', key: id, organizationId: acme, input: { batchId: id, order: 0 }, attempts: 0, starts: 1,
        signal: new AbortController().signal, renewLease: async () => {},
      })
      await issuance.database.transaction(effect!)
      seen.push((await batch(id)).rows)
    }
    expect(seen).toEqual([400, 800, 1_000])
    const steps = await issuance.database.raw.select().from(issuance.database.raw.platform.steps)
    expect(steps.filter(({ kind }) => kind === 'import-batch').map(({ key }) => key.slice(id.length)).sort()).toEqual(['', '/0', '/400'])
  })
})
