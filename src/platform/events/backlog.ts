import { sql } from 'drizzle-orm'
import { preparedStatement } from '../database/prepared-statement.ts'
import type { PlatformDatabase } from '../database/transaction.ts'
import { instantOf } from '../work/instant-value.ts'

/** Counting ends here: more than that is as bad as that. */
export const countedAtMost = 10_000

/** How far a module's events are behind, by the database's clock. Counts go up to {@link countedAtMost}. */
export interface EventBacklog {
  /** Written to the outbox, and not with the bus yet. */
  readonly unrelayed: number
  /** How long the oldest of them has waited; 0: none waits. */
  readonly unrelayedForMs: number
  /** Arrived and not applied yet. */
  readonly unapplied: number
  /** How long the oldest of them has been due; 0: none is. */
  readonly dueForMs: number
  /** Keys that stand still behind an event that kept failing. */
  readonly parked: number
}

const readBacklog = preparedStatement<object, Record<'now' | 'unrelayed' | 'oldest' | 'ready' | 'due' | 'waiting' | 'parked', unknown>>(
  ({ platform: { outbox, inbox }, now }) => {
    // An inbox holds what waits and nothing else, so counting it may read all of it; an outbox holds everything.
    const inState = (state: string) =>
      sql`(select count(*) from (select 1 from ${inbox} where state = ${sql.raw(`'${state}'`)} limit ${sql.raw(`${countedAtMost}`)}) as found)`
    return sql`
      select ${now()} as now,
        (select count(*) from (select id from ${outbox} where relayed_at is null order by id limit ${sql.raw(`${countedAtMost}`)}) as found) as unrelayed,
        (select occurred_at from ${outbox} where relayed_at is null order by id limit 1) as oldest,
        ${inState('ready')} as ready, ${inState('waiting')} as waiting, ${inState('parked')} as parked,
        (select min(due_at) from ${inbox} where state = 'ready') as due`
  })

/** For the test of its plan. */
export const backlogStatements = { readBacklog }

export async function eventBacklog(database: PlatformDatabase): Promise<EventBacklog> {
  const [row] = await database.raw.execute(readBacklog, {})
  const now = instantOf(row!.now)!.getTime()
  const sinceMs = (value: unknown) => Math.max(now - (instantOf(value)?.getTime() ?? now), 0)
  return {
    unrelayed: Number(row!.unrelayed),
    unrelayedForMs: sinceMs(row!.oldest),
    unapplied: Number(row!.ready) + Number(row!.waiting),
    dueForMs: sinceMs(row!.due),
    parked: Number(row!.parked),
  }
}
