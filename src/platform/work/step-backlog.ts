import { placeholder, sql } from 'drizzle-orm'
import { preparedStatement } from '../database/prepared-statement.ts'
import type { PlatformDatabase } from '../database/transaction.ts'
import { instantOf } from './instant-value.ts'

/** Counting ends here: more than that is as bad as that. */
const countedAtMost = 10_000

/** How far one kind of step is behind, by the database's clock. */
export interface StepBacklog {
  readonly kind: string
  /** How long the oldest has been due; 0: none is. */
  readonly lagMs: number
  /** Up to 10,000. */
  readonly dead: number
  /** How much longer the kind pauses, because its other side is away. */
  readonly pausedForMs: number
}

const readBacklog = preparedStatement<{ kind: string }, Record<'now' | 'due' | 'dead' | 'paused', unknown>>(
  ({ platform: { steps, stepKinds }, now }) => {
    const kind = placeholder('kind')
    return sql`
      select ${now()} as now,
        (select min(due_at) from ${steps} where kind = ${kind} and state = 'ready') as due,
        (select count(*) from (select 1 from ${steps} where kind = ${kind} and state = 'dead' limit ${sql.raw(`${countedAtMost}`)}) as found) as dead,
        (select paused_until from ${stepKinds} where kind = ${kind}) as paused`
  })

/** For the test of its plan. */
export const stepBacklogStatements = { readBacklog }

export async function stepBacklog(database: PlatformDatabase, kind: string): Promise<StepBacklog> {
  const [row] = await database.raw.execute(readBacklog, { kind })
  const now = instantOf(row!.now)!.getTime()
  const at = (value: unknown) => instantOf(value)?.getTime() ?? now
  return {
    kind,
    lagMs: Math.max(now - at(row!.due), 0),
    dead: Number(row!.dead),
    pausedForMs: Math.max(at(row!.paused) - now, 0),
  }
}
