import { sql } from 'drizzle-orm'
import type { Transaction } from '../database/database.ts'
import type { PlatformDatabase } from '../database/transaction.ts'
import type { SealedEvent } from '../event.ts'
import { insertEvents } from './inbox-store.ts'
import { type FetchPage, type SubscriptionName, subscriptionId } from './subscription.ts'

export interface ReplayOptions<T> extends SubscriptionName {
  readonly database: PlatformDatabase<T>
  readonly fetchPage: FetchPage
  /** Only what happened from then on. Absent: everything. */
  readonly since?: Date
  /** Empties the read model in the transaction that sets the subscription back; only for a replay of everything. */
  readonly reset?: (tx: Transaction<T>) => Promise<void>
}

const pageSize = 200

/**
 * Delivers a publisher's stored events to one subscription again, and to nobody else: each key is set back to before
 * the first replayed event and goes through them in order. Handlers are idempotent by event id, or the subscription
 * gives a `reset`. May be broken off and begun again at any time.
 * @returns how many events were put into the inbox; they are applied as any others
 */
export async function replay<T>(options: ReplayOptions<T>): Promise<{ events: number }> {
  const { database, fetchPage, publisher, family, since, reset } = options
  if (since && reset) throw new Error('A read model is emptied only for a replay of everything.')
  const subscription = subscriptionId({ publisher, family })
  if (!since) {
    await database.platformTransaction(async (tx, raw) => {
      await raw.rows(sql`delete from ${raw.platform.inboxPositions} where subscription = ${subscription}`)
      await reset?.(tx)
    })
  }
  let events = 0
  let after: SealedEvent | undefined
  for (;;) {
    const page = await fetchPage({ publisher, family, after, since: since?.toISOString(), limit: pageSize })
    if (page.length === 0) return { events }
    await database.platformTransaction(async (_, raw) => {
      // After a full set-back nothing may be set back again: what a read model counted meanwhile would count twice.
      for (const [key, [first]] of since ? Map.groupBy(page, (event) => event.key) : []) {
        // A key that has no position starts from its first event anyway.
        await raw.rows(sql`
          update ${raw.platform.inboxPositions} set position = ${first!.sequence - 1}
          where subscription = ${subscription} and key = ${key} and position >= ${first!.sequence}`)
      }
      await insertEvents(raw, page)
    })
    events += page.length
    after = page.at(-1)
  }
}
