import { and, asc, count, eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPostgres, type Postgres } from '../../../test/servers/postgres.ts'
import { currentContext, inContext, withContext } from '../context.ts'
import type { OrganizationId } from '../organization-id.ts'
import { defineStep } from '../work/step.ts'
import { z } from 'zod'
import { isUniqueViolation } from './database-error.ts'
import { type Notes, openNotes, temporaryFolder } from './notes-fixture.ts'
import { preparedQuery } from './prepared.ts'
import type { PlatformDatabase } from './transaction.ts'

const organizationId = 'org-1' as OrganizationId
const at = new Date('2026-01-02T03:04:05.678Z')
const folder = temporaryFolder()
let postgres: Postgres
const databases = {} as Record<'sqlite' | 'postgres', PlatformDatabase<Notes>>

beforeAll(async () => {
  postgres = await startPostgres()
  databases.sqlite = await openNotes(`sqlite:${folder.path}`)
  databases.postgres = await openNotes(await postgres.createDatabase())
}, 60_000)

afterAll(async () => {
  for (const database of Object.values(databases)) await database.close()
  await postgres.stop()
  folder.remove()
})

const noteById = preparedQuery<Notes, { id: string }>()((queries, { notes }) =>
  queries.select().from(notes).where(eq(notes.id, sql.placeholder('id'))))

const addNote = preparedQuery<Notes, { id: string; title: string; writtenAt: Date }>()((queries, { notes }) =>
  queries.insert(notes).values({
    id: sql.placeholder('id'),
    organizationId,
    title: sql.placeholder('title'),
    writtenAt: sql.placeholder('writtenAt'),
  }).returning({ id: notes.id, writtenAt: notes.writtenAt }))

/** Everything that a store does, once; what it saw comes back to be compared. */
async function scenario(database: PlatformDatabase<Notes>) {
  const { notes, counters } = database.tables
  const seen: Record<string, unknown> = {}
  const row = {
    id: 'n1',
    organizationId,
    title: 'Zoë “1”',
    done: true,
    size: 9_007_199_254_740_991,
    writtenAt: at,
    content: { list: [1, 'two', null], text: '"1"', nested: { ä: true } },
    seal: Uint8Array.from([0, 1, 255, 0]),
  }
  await database.transaction(async (tx) => {
    await tx.insert(notes).values([row, { id: 'n2', organizationId, content: '5' }])
    await tx.insert(counters).values({ id: 'c', value: 1 })
  })
  seen.rows = await database.read.select().from(notes).orderBy(asc(notes.id))
  seen.returned = await database.transaction((tx) =>
    tx.insert(notes).values({ ...row, title: 'again' })
      .onConflictDoUpdate({ target: notes.id, set: { done: false, title: sql`excluded.title` } })
      .returning())
  seen.ignored = await database.transaction((tx) =>
    tx.insert(notes).values(row).onConflictDoNothing().returning({ id: notes.id }))
  const updated: any = await database.transaction((tx) => tx.update(notes).set({ size: 1 }))
  seen.affected = updated.rowCount
  seen.count = await database.read.$count(notes, eq(notes.done, false))
  seen.counted = await database.read.select({ n: count() }).from(notes)
  seen.byInstant = await database.read.select({ id: notes.id }).from(notes)
    .where(and(eq(notes.writtenAt, at), eq(notes.done, false)))
  seen.prepared = await database.transaction((tx) => tx.run(addNote, { id: 'n3', title: 'third', writtenAt: at }))
  seen.preparedRead = await database.run(noteById, { id: 'n3' })
  seen.preparedAgain = await database.run(noteById, { id: 'n1' })
  seen.raw = await database.raw.rows(sql`select id, size, count(*) over () as n from ${notes} where id = ${'n1'}`)
  seen.boundRaw = await database.raw.rows(sql`
    select id from ${notes} where written_at = ${at} and done = ${false} and seal = ${row.seal} order by id`)
  const [clock] = await database.raw.select({ now: sql<Date>`${database.raw.now()}`.mapWith(notes.writtenAt) }).from(counters)
  seen.clock = Math.abs(clock!.now.getTime() - Date.now()) < 60_000
  return seen
}

describe('one scenario on both dialects', () => {
  it('sees the same dates, booleans, numbers, JSON, bytes, upserts and counts', async () => {
    const onSqlite = await scenario(databases.sqlite)
    expect(onSqlite.rows).toEqual([
      expect.objectContaining({ id: 'n1', done: true, writtenAt: at, seal: Uint8Array.from([0, 1, 255, 0]) }),
      expect.objectContaining({ id: 'n2', title: 'untitled', done: false, content: '5', seal: null }),
    ])
    expect(onSqlite.clock).toBe(true)
    expect(onSqlite.boundRaw).toEqual([{ id: 'n1' }])
    expect(onSqlite.preparedRead).toHaveLength(1)
    const onPostgres = await scenario(databases.postgres)
    expect(onPostgres).toEqual(onSqlite)
    const [row] = onPostgres.rows as { seal: Uint8Array }[]
    expect(Object.getPrototypeOf(row!.seal)).toBe(Uint8Array.prototype)
  })
})

describe.each(['sqlite', 'postgres'] as const)('transactions on %s', (dialect) => {
  const database = () => databases[dialect]
  const note = (id: string) => ({ id, organizationId, title: id })
  const exists = async (id: string) => (await database().run(noteById, { id })).length > 0

  it('roll back alone when they throw', async () => {
    const { notes } = database().tables
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => database().transaction(async (tx) => {
      await tx.insert(notes).values(note(`${dialect}-${i}`))
      if (i % 2) throw new Error(`no ${i}`)
      return i
    })))
    expect(results.map(({ status }) => status)).toEqual(results.map((_, i) => (i % 2 ? 'rejected' : 'fulfilled')))
    expect((results[3] as PromiseRejectedResult).reason.message).toBe('no 3')
    for (let i = 0; i < 20; i++) expect(await exists(`${dialect}-${i}`)).toBe(i % 2 === 0)
  })

  it('lose none of 100 concurrent read-then-write increments', async () => {
    const { counters } = database().tables
    const id = `${dialect}-hot`
    await database().transaction((tx) => tx.insert(counters).values({ id, value: 0 }))
    await Promise.all(Array.from({ length: 100 }, () => database().transaction(async (tx) => {
      const [row] = await tx.select().from(counters).where(eq(counters.id, id))
      await tx.update(counters).set({ value: row!.value + 1 }).where(eq(counters.id, id))
    })))
    expect(await database().read.select().from(counters).where(eq(counters.id, id))).toEqual([{ id, value: 100 }])
  })

  it('fail as a whole when a statement failed, even if the callback caught it', async () => {
    const { notes } = database().tables
    const caught: unknown[] = []
    const attempt = database().transaction(async (tx) => {
      await tx.insert(notes).values(note('twice'))
      await tx.insert(notes).values(note('twice')).catch((error: unknown) => caught.push(error))
      await tx.insert(notes).values(note('after')).catch((error: unknown) => caught.push(error))
    })
    await expect(attempt).rejects.toSatisfy(isUniqueViolation)
    expect(caught.map((error) => (error as { kind: string }).kind)).toEqual(['unique', 'aborted'])
    expect(await exists('twice')).toBe(false)
  })

  it('name no stored value in an error', async () => {
    const { notes } = database().tables
    const insert = () => database().transaction((tx) => tx.insert(notes).values(note('Canary Ada')))
    await insert()
    const error: any = await insert().catch((error: unknown) => error)
    expect(isUniqueViolation(error)).toBe(true)
    expect(`${error.message} ${error.stack} ${JSON.stringify(error)} ${error.cause}`).not.toContain('Canary')
  })

  it('refuse use after their end, by builders made before it and prepared queries too', async () => {
    const { notes } = database().tables
    let leaked: any
    let built: any
    await database().transaction(async (tx) => {
      leaked = tx
      built = tx.insert(notes).values(note('late'))
    })
    await expect(leaked.select().from(notes)).rejects.toThrow(/has ended/)
    await expect(built).rejects.toThrow(/has ended/)
    await expect(leaked.run(noteById, { id: 'x' })).rejects.toThrow(/has ended/)
    expect(await exists('late')).toBe(false)
  })

  it('refuse a transaction, and a read outside, inside a transaction', async () => {
    const { notes } = database().tables
    const nested = database().transaction(() => database().transaction(async () => 1))
    await expect(nested).rejects.toThrow(/inside a transaction/)
    await expect(database().transaction(async () => database().read.select().from(notes))).rejects.toThrow(/read through it/)
  })

  it('are rolled back when they wait 250 ms for something that is not SQL', async () => {
    const { notes } = database().tables
    let late: Promise<unknown> | undefined
    const startedAt = performance.now()
    const slow = database().transaction(async (tx) => {
      await tx.insert(notes).values(note('slow'))
      await new Promise((resolve) => setTimeout(resolve, 400))
      late = tx.insert(notes).values(note('slower')).then(() => 'written', () => 'refused')
    })
    const neighbour = database().transaction((tx) => tx.insert(notes).values(note(`${dialect}-neighbour`)))
    await expect(slow).rejects.toThrow(/not SQL/)
    expect(performance.now() - startedAt).toBeLessThan(390)
    await neighbour
    await new Promise((resolve) => setTimeout(resolve, 250))
    expect(await late).toBe('refused')
    expect([await exists('slow'), await exists('slower'), await exists(`${dialect}-neighbour`)]).toEqual([false, false, true])
  })

  it('run in the context of who asked, marked as a transaction', async () => {
    const contexts = await Promise.all(['a', 'b', 'c'].map((actor) =>
      inContext({ actor }, () => database().transaction(async (tx) => {
        await tx.select().from(database().tables.counters)
        return currentContext()
      }))))
    expect(contexts).toEqual(['a', 'b', 'c'].map((actor) => ({ actor, transaction: true })))
    expect(currentContext()).toEqual({})
  })

  it('tell of events and steps once, after the commit, and never when rolled back', async () => {
    const told: unknown[] = []
    const step = defineStep({ kind: 'print', input: z.object({}), leaseMs: 1_000, concurrency: 1 })
    database().onCommit((what) => told.push({ ...what, context: currentContext(), committed: true }))
    await withContext({ actor: 'someone' }, () => database().transaction(async (tx) => {
      await tx.addStep(step, organizationId, 'k', {})
      await tx.addStep(step, organizationId, 'k2', {})
      await tx.publish({} as never, organizationId, {} as never)
      expect(told).toEqual([])
    }))
    await database().transaction(async (tx) => {
      await tx.addStep(step, organizationId, 'k', {})
      throw new Error('no')
    }).catch(() => {})
    expect(told).toEqual([{ events: 1, stepKinds: ['print'], context: {}, committed: true }])
  })

  it('give a named lock to one holder at a time', async () => {
    const first = await database().lock('relay')
    expect(first).toBeDefined()
    expect(await database().lock('relay')).toBeUndefined()
    const other = await database().lock('appender')
    await first!.release()
    const again = await database().lock('relay')
    expect(again).toBeDefined()
    await again!.release()
    await other!.release()
  })
})
