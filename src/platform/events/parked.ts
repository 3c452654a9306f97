import { and, asc, eq, sql } from 'drizzle-orm'
import type { PlatformDatabase } from '../database/transaction.ts'
import { advance, PositionMoved, wakeNext } from './inbox-store.ts'
import { lockingTransaction } from '../work/locking-transaction.ts'

/** A key that stands still because one of its events could not be applied. */
export interface ParkedKey {
  readonly subscription: string
  readonly key: string
  readonly sequence: number
  readonly eventId: string
  readonly name: string
  readonly organizationId: string
  readonly attempts: number
  readonly lastError: string | null
  readonly receivedAt: Date
  /** Events of the key that wait behind it. */
  readonly waiting: number
}

/** @param options `limit`: 100 unless told */
export async function listParked(database: PlatformDatabase, options: { limit?: number } = {}): Promise<ParkedKey[]> {
  const { inbox } = database.raw.platform
  const rows = await database.raw.select().from(inbox).where(eq(inbox.state, 'parked'))
    .orderBy(asc(inbox.dueAt)).limit(options.limit ?? 100)
  return Promise.all(rows.map(async (row) => ({
    subscription: row.subscription,
    key: row.key,
    sequence: row.sequence,
    eventId: row.eventId,
    name: row.name,
    organizationId: row.organizationId,
    attempts: row.attempts,
    lastError: row.lastError,
    receivedAt: row.receivedAt,
    waiting: await database.raw.$count(inbox, and(
      eq(inbox.subscription, row.subscription), eq(inbox.key, row.key), sql`${inbox.sequence} > ${row.sequence}`)),
  })))
}

interface KeyName {
  readonly subscription: string
  readonly key: string
}

/** Tries the parked event again, with all its attempts. @returns false when the key is not parked */
export function retryParked(database: PlatformDatabase, { subscription, key }: KeyName): Promise<boolean> {
  return lockingTransaction(database, async (tx) => {
    const retried = await tx.rows(sql`
      update ${tx.platform.inbox} set state = 'ready', attempts = 0, unavailable_since = null, due_at = ${tx.now()}
      where subscription = ${subscription} and key = ${key} and state = 'parked' returning sequence`)
    return retried.length > 0
  })
}

/** Leaves the parked event out for good: the key goes on behind it. @returns false when the key is not parked */
export function skipParked(database: PlatformDatabase, { subscription, key }: KeyName): Promise<boolean> {
  return lockingTransaction(database, async (tx) => {
    const [parked] = await tx.rows<{ sequence: number }>(sql`
      select sequence from ${tx.platform.inbox}
      where subscription = ${subscription} and key = ${key} and state = 'parked'`)
    if (!parked) return false
    const place = { subscription, key, sequence: Number(parked.sequence) }
    if ((await advance(tx, [place])).size === 0) throw new PositionMoved()
    await wakeNext(tx, [place])
    return true
  })
}
