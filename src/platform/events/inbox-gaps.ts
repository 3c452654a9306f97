import { and, asc, eq, lte, sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import type { PlatformDatabase } from '../database/transaction.ts'
import { lockingTransaction } from '../work/locking-transaction.ts'
import { describeFailure } from '../work/retry-rules.ts'
import { storeEvents } from './inbox-store.ts'
import type { FetchEvents } from './subscription.ts'

const keysPerRound = 100
const eventsPerFetch = 500

/**
 * Looks at keys whose events have waited for longer than `gapMs`: what is missing is fetched from the publisher and
 * stored; what waits behind a parked event goes on waiting.
 * @returns whether anything may be applied now
 */
export async function closeGaps(
  database: PlatformDatabase,
  options: { fetchEvents: FetchEvents; gapMs: number; log: Logger },
): Promise<boolean> {
  const { inbox } = database.raw.platform
  const overdue = await database.raw.selectDistinct({ subscription: inbox.subscription, key: inbox.key }).from(inbox)
    .where(and(eq(inbox.state, 'waiting'), lte(inbox.dueAt, database.raw.now()))).limit(keysPerRound)
  let changed = false
  for (const { subscription, key } of overdue) {
    try {
      changed = await closeGap(database, options.fetchEvents, subscription, key) || changed
    } catch (error) {
      options.log.warn({ subscription, error: describeFailure(error) }, 'missing events could not be fetched')
    }
    await lockingTransaction(database, (tx) => tx.rows(sql`
      update ${tx.platform.inbox} set due_at = ${tx.now(options.gapMs)}
      where subscription = ${subscription} and key = ${key} and state = 'waiting'`))
  }
  return changed
}

async function closeGap(
  database: PlatformDatabase,
  fetchEvents: FetchEvents,
  subscription: string,
  key: string,
): Promise<boolean> {
  const { inbox, inboxPositions } = database.raw.platform
  const [at] = await database.raw.select().from(inboxPositions)
    .where(and(eq(inboxPositions.subscription, subscription), eq(inboxPositions.key, key)))
  const position = at?.position ?? 0
  const [first] = await database.raw.select({ sequence: inbox.sequence, state: inbox.state }).from(inbox)
    .where(and(eq(inbox.subscription, subscription), eq(inbox.key, key)))
    .orderBy(asc(inbox.sequence)).limit(1)
  if (!first) return false
  if (first.sequence <= position + 1) {
    // Its turn has come and nobody told it: no fetch is needed.
    if (first.state !== 'waiting') return false
    await lockingTransaction(database, (tx) => tx.rows(sql`
      update ${tx.platform.inbox} set state = 'ready', due_at = ${tx.now()}
      where subscription = ${subscription} and key = ${key} and sequence = ${first.sequence} and state = 'waiting'`))
    return true
  }
  const separator = subscription.indexOf('/')
  const missing = await fetchEvents({
    publisher: subscription.slice(0, separator),
    family: subscription.slice(separator + 1),
    key,
    fromSequence: position + 1,
    toSequence: Math.min(first.sequence - 1, position + eventsPerFetch),
  })
  await storeEvents(database, missing)
  return missing.length > 0
}
