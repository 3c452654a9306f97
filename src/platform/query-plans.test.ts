import { type SQL, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { defineSchema } from '#platform/database/schema.ts'
import { fullReads, planOf } from '../../test/kernel/query-plan.ts'
import { type TestDatabase, testDialects, testKeys } from '../../test/kernel/test-database.ts'
import { type PreparedStatement, preparedStatement } from './database/prepared-statement.ts'
import { backlogStatements } from './events/backlog.ts'
import { inboxStatements } from './events/inbox-store.ts'
import { lostEventStatements } from './events/lost-events.ts'
import { relayStatements } from './events/outbox.ts'
import { claimSteps, claimStatements } from './work/claim.ts'
import { stepBacklogStatements } from './work/step-backlog.ts'
import { stepStatements } from './work/steps.ts'

const many = 100_000
const schema = defineSchema('press', () => ({}))

describe.each(testDialects)(`with ${many} rows that wait, on %s`, (dialect, open) => {
  let opened: TestDatabase<object>

  beforeAll(async () => {
    opened = await open(schema, testKeys().ring)
    const { database } = opened
    const [series, from] = dialect === 'SQLite'
      ? [sql`with recursive series (n) as (select 1 union all select n + 1 from series where n < ${many})`, sql`from series`]
      : [sql``, sql`from generate_series(1, ${many}) as series (n)`]
    await database.platformTransaction(async (_, raw) => {
      const fill = (into: SQL, values: SQL) => raw.rows(sql`insert into ${into} ${series} select ${values} ${from}`)
      const { steps, outbox, inbox, inboxPositions } = raw.platform
      await fill(
        sql`${steps} (id, kind, key, organization_id, input, state, priority, attempts, starts, due_at, created_at)`,
        sql`'id' || n, 'print', 'key' || n, case when n % 1000 = 0 then 'org' || n else 'big' end, '{}', 'ready', 10, 0, 0,
          ${raw.now(-1_000)}, ${raw.now()}`)
      await fill(
        sql`${outbox} (id, organization_id, name, version, family, key, sequence, data, occurred_at)`,
        sql`'id' || n, 'big', 'item.sold', 1, 'item', 'key' || n, 1, ${Buffer.from('sealed')}, ${raw.now()}`)
      await fill(
        sql`${outbox} (id, organization_id, name, version, family, key, sequence, data, occurred_at, relayed_at, relay_number)`,
        sql`'relayed' || n, 'big', 'item.sold', 1, 'item', 'key' || n, 2, ${Buffer.from('sealed')}, ${raw.now()}, ${raw.now()}, n`)
      await fill(
        sql`${inbox} (subscription, key, sequence, event_id, organization_id, name, state, event, attempts, due_at, received_at)`,
        sql`'shop/item', 'key' || n, 2, 'id' || n, 'big', 'item.sold', 'ready', '{}', 0, ${raw.now(-1_000)}, ${raw.now()}`)
      await fill(sql`${inboxPositions} (subscription, key, position)`, sql`'shop/item', 'key' || n, 1`)
    })
    if (dialect === 'Postgres') await opened.asOwner((rows) => rows(sql`analyze`))
  }, 60_000)
  afterAll(() => opened.close())

  const wanted = { kind: 'print', priority: 10, after: 'big', share: 1, limit: 24 }
  const places = JSON.stringify([{ subscription: 'shop/item', key: 'key5', sequence: 2 }])
  const statements: [string, PreparedStatement<any, any>, object][] = [
    ['the priorities of a claim', claimStatements.firstPriority, { kind: 'print', above: 0 }],
    ['the candidates behind the last organization', claimStatements.candidatesAbove, wanted],
    ['the candidates up to the last organization', claimStatements.candidatesUpTo, wanted],
    ['the leases of a claim', claimStatements.lease, { ids: '[{"id":"id5"}]', token: 't', leaseMs: 1_000 }],
    ['the outlook of a kind', stepStatements.readOutlook, { kind: 'print' }],
    ['the completion of steps', stepStatements.markDone, { leases: '[{"id":"id5","token":"t"}]' }],
    ['the round of a relay', relayStatements.readUnrelayed, { limit: 200 }],
    ['what a relay marks', relayStatements.setRelayed, { events: '[{"id":"id5","number":1}]' }],
    ['what a subscriber compares itself with', relayStatements.readRelayed, { family: 'item', after: 50_000, limit: 1_000 }],
    ['which of it did not arrive', lostEventStatements.readMissing, { subscription: 'shop/item', events: '[{"number":1,"key":"key5","sequence":2}]' }],
    ['the due events of an inbox', inboxStatements.readDue, { limit: 256 }],
    ['the events at some places', inboxStatements.readEvents, { places }],
    ['the next due event', inboxStatements.readNextDue, {}],
    ['the move of positions', inboxStatements.moveOn, { places }],
    ['how far a kind of step is behind', stepBacklogStatements.readBacklog, { kind: 'print' }],
    ['what leaves the inbox', inboxStatements.takeOut, { places }],
    ['who is woken', inboxStatements.wakeBehind, { places }],
  ]
  test.each(statements)('%s: read through an index', async (_, statement, values) => {
    const plan = await planOf(opened.database, statement, values)
    expect(plan.length).toBeGreaterThan(0)
    expect(fullReads(plan, ['steps', 'outbox', 'arrived', 'inbox', 'at', 'inbox_positions']), plan.join('\n')).toEqual([])
  })

  test('a query without an index is found', async () => {
    const planted = preparedStatement<object>(({ platform }) => sql`select count(*) from ${platform.steps} where last_error = 'x'`)
    expect(fullReads(await planOf(opened.database, planted, {}), ['steps'])).toHaveLength(1)
  })

  test('how far events are behind: among many that are sent, read through an index', async () => {
    const { database } = opened
    const { outbox } = database.raw.platform
    await database.platformTransaction((_, raw) => raw.rows(sql`update ${outbox} set relayed_at = ${raw.now()} where id <> 'id7'`))
    if (dialect === 'Postgres') await opened.asOwner((rows) => rows(sql`analyze`))
    const plan = await planOf(database, backlogStatements.readBacklog, {})
    expect(plan.join('\n')).toContain('outbox_unrelayed')
    expect(plan.join('\n')).not.toMatch(/Seq Scan on outbox|SCAN outbox(?!.*INDEX)/)
  })

  test('a claim serves many organizations and answers no more than it was asked for', async () => {
    const { steps } = await claimSteps(opened.database, { kind: 'print', leaseMs: 5_000, limit: 24, after: '', token: 't' })
    expect(new Set(steps.map(({ organizationId }) => organizationId)).size).toBe(24)
  })
})
