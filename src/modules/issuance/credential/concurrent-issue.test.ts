import { count, countDistinct } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { KeyNotLoaded } from '#platform/crypto/key-ring-types.ts'
import { testDialects } from '../../../../test/kernel/test-database.ts'
import { type Issuance, type IssuanceProcess, person, startIssuance } from '../../../../test/issuance/issuance-alone.ts'

describe.each(testDialects)('many issue at once on %s', { timeout: 60_000 }, (_, open) => {
  let issuance: Issuance
  let here: IssuanceProcess
  let there: IssuanceProcess
  beforeEach(async () => {
    issuance = await startIssuance(open)
    here = issuance.compose()
    there = issuance.compose()
  })
  afterEach(() => issuance.stop())

  const statuses = (answers: readonly { status: number; text: string }[]) =>
    Object.fromEntries([...Map.groupBy(answers, ({ status, text }) => (status < 300 ? String(status) : `${status} ${text}`))].map(([k, v]) => [k, v.length]))

  test('sixty people of one organization, over two processes, are all accepted', async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => (i % 2 ? here : there).ask('POST', '/v1/credentials', person(i))))
    expect(statuses(answers)).toEqual({ 202: 60 })
    const { credentials, achievements, templates, signingKeys, recipients } = issuance.tables
    const read = issuance.database.read
    expect(await read.$count(credentials)).toBe(60)
    expect(await read.$count(recipients)).toBe(60)
    expect(await read.$count(achievements)).toBe(1)
    expect(await read.$count(templates)).toBe(1)
    expect(await read.$count(signingKeys)).toBe(1)
    const [indexes] = await read.select({ places: count(), lists: countDistinct(credentials.statusListId) }).from(credentials)
    expect(indexes!.lists).toBeLessThanOrEqual(2)
  })

  test('a key that is too old at the commit is loaded again, and the request accepted', async () => {
    const { ring } = issuance.keys
    const { seal } = ring
    let late = 0
    Object.assign(ring, {
      seal(...given: Parameters<typeof seal>) {
        if (given[1].table === 'idempotency' && late++ < 2) throw new KeyNotLoaded(given[0])
        return seal(...given)
      },
    })
    const { status } = await here.ask('POST', '/v1/credentials', person(1), { 'idempotency-key': 'one' })
    expect([status, late]).toEqual([202, 3])
    expect(await issuance.database.read.$count(issuance.tables.credentials)).toBe(1)
  })

  test('one person who is asked for fifty times without any key gets one credential, and everyone is told the same', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => (i % 2 ? here : there).ask('POST', '/v1/credentials', person(1))))
    expect(statuses(answers)).toEqual({ 202: 1, 200: 49 })
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1)
  })

  test('one Idempotency-Key fifty times at once: every answer is the first, or says that the first still runs', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) =>
      (i % 2 ? here : there).ask('POST', '/v1/credentials', person(1), { 'idempotency-key': 'one' })))
    expect(statuses(answers)).toEqual({ 202: 50 })
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(await issuance.database.read.$count(issuance.tables.credentials)).toBe(1)
  })

  test('two new versions of one template at once are two versions', async () => {
    const content = { design: 'badge-modern', description: 'd', criteria: 'c', achievementType: 'Badge' }
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) =>
      (i % 2 ? here : there).ask('PUT', '/v1/templates/mine', { ...content, description: `d${i}` })))
    expect(statuses(answers)).toEqual({ 200: 8 })
    expect(new Set(answers.map(({ json }) => json.version)).size).toBe(8)
  })
})
