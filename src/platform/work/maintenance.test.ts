import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineSchema } from '#platform/database/schema.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { type TestDatabase, testDialects, testKeys } from '../../../test/kernel/test-database.ts'
import { countSteps, listPauses, listSteps, retryDeadSteps } from './maintenance.ts'
import { defineStep } from './step.ts'

const schema = defineSchema('press', () => ({}))
const print = defineStep({ kind: 'print', input: z.object({}), leaseMs: 5_000, concurrency: 4 })
const bind = defineStep({ kind: 'bind', input: z.object({}), leaseMs: 5_000, concurrency: 4 })

describe.each(testDialects)('looking after steps on %s', (_, open) => {
  let opened: TestDatabase<object>
  beforeEach(async () => {
    opened = await open(schema, testKeys().ring)
    await opened.database.transaction(async (tx) => {
      for (let i = 0; i < 5; i++) await tx.addStep(print, 'acme' as OrganizationId, `${i}`, {})
      await tx.addStep(print, 'other' as OrganizationId, 'o', {})
      await tx.addStep(bind, 'acme' as OrganizationId, 'b', {})
    })
    const { steps } = opened.database.raw.platform
    await opened.database.platformTransaction((_, raw) =>
      raw.rows(sql`update ${steps} set state = 'dead', attempts = 3, last_error = 'x' where key in ('1', '3', 'o')`))
  })
  afterEach(() => opened.close())

  test('lists them page by page', async () => {
    const first = await listSteps(opened.database, { kind: 'print' }, { limit: 4 })
    expect(first.steps.map((step) => step.key)).toEqual(['0', '1', '2', '3'])
    const rest = await listSteps(opened.database, { kind: 'print' }, { limit: 4, cursor: first.next! })
    expect(rest).toMatchObject({ steps: [{ key: '4' }, { key: 'o' }], next: undefined })
    expect(first.steps[0]).not.toHaveProperty('leaseToken')
    expect((await listSteps(opened.database, { state: 'dead', organizationId: 'acme' })).steps).toHaveLength(2)
  })

  test('counts them by kind and state', async () => {
    expect(await countSteps(opened.database)).toEqual([
      { kind: 'bind', state: 'ready', count: 1 },
      { kind: 'print', state: 'dead', count: 3 },
      { kind: 'print', state: 'ready', count: 3 },
    ])
  })

  test('drives one dead step again, or all, and rings for them', async () => {
    const rung: string[] = []
    opened.database.onCommit(({ stepKinds }) => void rung.push(...stepKinds))
    const { steps: [one] } = await listSteps(opened.database, { state: 'dead' })
    expect(await retryDeadSteps(opened.database, { id: one!.id })).toBe(1)
    expect(await retryDeadSteps(opened.database, { organizationId: 'acme' })).toBe(1)
    expect(await retryDeadSteps(opened.database, {})).toBe(1)
    expect(await retryDeadSteps(opened.database, {})).toBe(0)
    expect(rung).toEqual(['print', 'print', 'print'])
    expect((await listSteps(opened.database)).steps.every((step) => step.state === 'ready' && step.attempts === 0)).toBe(true)
  })

  test('tells which kinds pause, and why', async () => {
    const { stepKinds } = opened.database.raw.platform
    await opened.database.platformTransaction(async (_, raw) => {
      await raw.insert(stepKinds).values({ kind: 'print', pausedUntil: raw.now(60_000), lastError: 'Unavailable: away' })
      await raw.insert(stepKinds).values({ kind: 'bind', pausedUntil: raw.now(-60_000) })
    })
    expect(await listPauses(opened.database)).toMatchObject([{ kind: 'print', lastError: 'Unavailable: away' }])
  })
})
