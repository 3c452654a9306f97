import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineSchema } from '#platform/database/schema.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { type TestDatabase, testDialects, testKeys } from '../../../test/kernel/test-database.ts'
import { claimSteps } from './claim.ts'
import { defineStep } from './step.ts'

const schema = defineSchema('press', () => ({}))
const print = defineStep({ kind: 'print', input: z.object({}), leaseMs: 5_000, concurrency: 4 })

describe.each(testDialects)('a claim on %s', (_, open) => {
  let opened: TestDatabase<object>
  let after = ''
  beforeEach(async () => {
    opened = await open(schema, testKeys().ring)
    after = ''
  })
  afterEach(() => opened.close())

  const add = (organization: string, keys: string[], options = {}) => opened.database.transaction(async (tx) => {
    for (const key of keys) await tx.addStep(print, organization as OrganizationId, `${organization} ${key}`, {}, options)
  })
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => `${i + 1}`.padStart(3, '0'))
  const claim = async (limit: number) => {
    const claim = await claimSteps(opened.database, { kind: 'print', leaseMs: 5_000, limit, after, token: 'token' })
    after = claim.lastOrganization
    return claim.steps.map((step) => step.key)
  }

  test('takes due steps in the order in which they fell due', async () => {
    await add('acme', ['late'], { dueAt: new Date(Date.now() - 1_000) })
    await add('acme', ['early'], { dueAt: new Date(Date.now() - 2_000) })
    await add('acme', ['not yet'], { dueAt: new Date(Date.now() + 60_000) })
    expect(await claim(10)).toEqual(['acme early', 'acme late'])
    expect(await claim(10)).toEqual([])
  })

  test('takes the smaller priority first', async () => {
    await add('acme', ['batch'], { priority: 10, dueAt: new Date(0) })
    await add('acme', ['single'])
    expect(await claim(1)).toEqual(['acme single'])
    expect(await claim(1)).toEqual(['acme batch'])
  })

  test('serves every organization in turn, however many steps one of them has', async () => {
    await add('big', numbers(50), { dueAt: new Date(0) })
    await add('small', ['only'])
    await add('tiny', ['only'])
    expect(await claim(4)).toEqual(['big 001', 'small only', 'tiny only', 'big 002'])
    expect(await claim(2)).toEqual(['big 003', 'big 004'])
  })

  test('goes on with the next organization when there is room for one step at a time', async () => {
    await add('a', numbers(3), { dueAt: new Date(0) })
    await add('b', numbers(3), { dueAt: new Date(1) })
    await add('c', numbers(1), { dueAt: new Date(2) })
    const order = []
    for (let i = 0; i < 8; i++) order.push(...(await claim(1)))
    expect(order).toEqual(['a 001', 'b 001', 'c 001', 'a 002', 'b 002', 'a 003', 'b 003'])
  })

  test('takes no more of many than may be taken of them, and every single one before', async () => {
    await add('big', numbers(50), { priority: 10, dueAt: new Date(0) })
    await add('huge', numbers(50), { priority: 20, dueAt: new Date(0) })
    await add('small', ['one', 'two'])
    const limited = async (limit: number, bulkLimit: number) =>
      (await claimSteps(opened.database, { kind: 'print', leaseMs: 5_000, limit, bulkLimit, after: '', token: 'token' })).steps.map(({ key, priority }) => `${key} ${priority}`)
    expect(await limited(6, 3)).toEqual(['small one 0', 'small two 0', 'big 001 10', 'big 002 10', 'big 003 10'])
    expect(await limited(6, 0)).toEqual([])
    await add('small', ['three'])
    expect(await limited(6, 0)).toEqual(['small three 0'])
    expect(await limited(48, 48)).toEqual([...numbers(47).map((_, i) => `big ${`${i + 4}`.padStart(3, '0')} 10`), 'huge 001 20'])
  })

  test('never gives one step to two', async () => {
    await add('acme', numbers(60))
    await add('else', numbers(20))
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim(10)))
    const more = await claim(100)
    const keys = [...claims.flat(), ...more]
    expect(keys).toHaveLength(80)
    expect(new Set(keys).size).toBe(80)
  })
})
