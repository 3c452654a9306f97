import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineSchema } from '#platform/database/schema.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { type TestDatabase, testDialects, testKeys } from '../../../test/kernel/test-database.ts'
import { eventBacklog } from '../events/backlog.ts'
import { stepBacklog } from '../work/step-backlog.ts'
import { defineStep } from '../work/step.ts'
import { moduleMeasures } from './module-measures.ts'

const schema = defineSchema('press', () => ({}))
const print = defineStep({ kind: 'print', input: z.object({}), leaseMs: 5_000, concurrency: 4 })
const acme = 'acme' as OrganizationId

describe.each(testDialects)('what waits in a module on %s', (_, open) => {
  let opened: TestDatabase<object>
  beforeEach(async () => {
    opened = await open(schema, testKeys().ring)
  })
  afterEach(() => opened.close())
  const write = (work: Parameters<typeof opened.database.platformTransaction>[0]) => opened.database.platformTransaction(work)

  test('nothing waits in a new database', async () => {
    expect(await eventBacklog(opened.database)).toEqual({ unrelayed: 0, unrelayedForMs: 0, unapplied: 0, dueForMs: 0, parked: 0 })
    expect(await stepBacklog(opened.database, 'print')).toEqual({ kind: 'print', lagMs: 0, dead: 0, pausedForMs: 0 })
  })

  test('events: how many, and for how long the oldest', async () => {
    await write(async (_tx, raw) => {
      const { outbox, inbox } = raw.platform
      for (const [n, agoMs] of [[1, 90_000], [2, 5_000]] as const) {
        await raw.rows(sql`insert into ${outbox} (id, organization_id, name, version, family, key, sequence, data, occurred_at)
          values (${`id${n}`}, 'acme', 'item.sold', 1, 'item', ${`k${n}`}, 1, ${Buffer.from('x')}, ${raw.now(-agoMs)})`)
      }
      for (const [n, state] of [[1, 'ready'], [2, 'waiting'], [3, 'parked']] as const) {
        await raw.rows(sql`insert into ${inbox}
            (subscription, key, sequence, event_id, organization_id, name, state, event, attempts, due_at, received_at)
          values ('shop/item', ${`k${n}`}, 1, ${`e${n}`}, 'acme', 'item.sold', ${state}, '{}', 0, ${raw.now(-60_000)}, ${raw.now()})`)
      }
    })
    const found = await eventBacklog(opened.database)
    expect(found).toMatchObject({ unrelayed: 2, unapplied: 2, parked: 1 })
    expect(found.unrelayedForMs).toBeGreaterThanOrEqual(90_000)
    expect(found.unrelayedForMs).toBeLessThan(600_000)
    expect(found.dueForMs).toBeGreaterThanOrEqual(60_000)
    await write((_tx, raw) => raw.rows(sql`update ${raw.platform.outbox} set relayed_at = ${raw.now()}`))
    expect(await eventBacklog(opened.database)).toMatchObject({ unrelayed: 0, unrelayedForMs: 0 })
  })

  test('steps: the lag of what is due, what is dead, and how long a kind pauses', async () => {
    await opened.database.transaction(async (tx) => {
      for (const key of ['late', 'dead', 'held']) await tx.addStep(print, acme, key, {})
    })
    await write(async (_tx, raw) => {
      const { steps, stepKinds } = raw.platform
      await raw.rows(sql`update ${steps} set due_at = ${raw.now(-120_000)} where key = 'late'`)
      await raw.rows(sql`update ${steps} set state = 'dead' where key = 'dead'`)
      await raw.rows(sql`update ${steps} set due_at = ${raw.now(3_600_000)} where key = 'held'`)
      await raw.rows(sql`insert into ${stepKinds} (kind, backoff_ms, window_count, paused_until) values ('print', 0, 0, ${raw.now(600_000)})`)
    })
    const found = await stepBacklog(opened.database, 'print')
    expect(found).toMatchObject({ kind: 'print', dead: 1 })
    expect(found.lagMs).toBeGreaterThanOrEqual(120_000)
    expect(found.pausedForMs).toBeGreaterThan(500_000)
  })

  test('are measures with the name of the module and of the kind, and what the module adds', async () => {
    const own = { name: 'vellum_press_pages', help: 'Pages.', kind: 'gauge', labels: {}, value: 7 } as const
    const measures = await moduleMeasures('press', opened.database, ['print'], async () => [own])()
    expect(measures).toContainEqual(own)
    expect(measures).toContainEqual(expect.objectContaining({ name: 'vellum_outbox_depth', labels: { module: 'press' }, value: 0 }))
    expect(measures).toContainEqual(expect.objectContaining({ name: 'vellum_dead_steps', labels: { module: 'press', kind: 'print' }, value: 0 }))
  })
})
