import { placeholder, sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import { preparedStatement, recordset } from '../database/prepared-statement.ts'
import type { PlatformDatabase } from '../database/transaction.ts'
import { lockingTransaction } from '../work/locking-transaction.ts'
import { storeEvents } from './inbox-store.ts'
import { type RelayedEvent, type RelayedStore, type SubscriptionName, subscriptionId } from './subscription.ts'

export interface LostEventsOptions {
  readonly relayedStore: RelayedStore
  /** How long an event may be on its way before it counts as lost; 0: nothing is expected to come by itself. */
  readonly graceMs: number
  readonly log: Logger
}

const eventsPerPage = 1_000
const eventsPerFetch = 200

const readChecked = preparedStatement<{ subscription: string }, { checked: number }>(({ platform }) => sql`
  select checked from ${platform.inboxChecks} where subscription = ${placeholder('subscription')}`)

const moveChecked = preparedStatement<{ subscription: string; checked: number }>(({ platform }) => sql`
  insert into ${platform.inboxChecks} as at (subscription, checked) values (${placeholder('subscription')}, ${placeholder('checked')})
  on conflict (subscription) do update set checked = excluded.checked where at.checked < excluded.checked`)

/** Neither applied, nor in the inbox. */
const readMissing = preparedStatement<{ subscription: string; events: string }, { number: number }>((kit) => {
  const { inbox, inboxPositions } = kit.platform
  return sql`
    select records.number from ${recordset(kit, 'events', { number: 'integer', key: 'text', sequence: 'integer' })}
    left join ${inboxPositions} as at on at.subscription = ${placeholder('subscription')} and at.key = records.key
    left join ${inbox} as arrived
      on arrived.subscription = ${placeholder('subscription')} and arrived.key = records.key and arrived.sequence = records.sequence
    where coalesce(at.position, 0) < records.sequence and arrived.key is null
    order by records.number`
})

/** For the test of their plans. */
export const lostEventStatements = { readMissing }

/**
 * Compares one subscription with what its publisher relayed since the last comparison, and fetches what the bus lost:
 * whatever Redis forgets, trims or refuses comes this way. A subscription that was never compared begins with the first
 * event of all, so a subscriber that comes later than its publisher hears everything.
 * @returns how many events were fetched
 */
export async function fetchLostEvents(
  database: PlatformDatabase,
  name: SubscriptionName,
  { relayedStore, graceMs, log }: LostEventsOptions,
): Promise<number> {
  const subscription = subscriptionId(name)
  const [row] = await database.raw.execute(readChecked, { subscription })
  let checked = Number(row?.checked ?? 0)
  let fetched = 0
  for (;;) {
    const page = await relayedStore.list(name, checked, eventsPerPage)
    if (page.length === 0) break
    const missing = new Set(await missingOf(database, subscription, page))
    const lost = page.filter(({ number, agoMs }) => missing.has(number) && agoMs >= graceMs)
    for (let start = 0; start < lost.length; start += eventsPerFetch) {
      const events = await relayedStore.read(name, lost.slice(start, start + eventsPerFetch).map(({ number }) => number))
      await storeEvents(database, events)
      fetched += events.length
    }
    // Not beyond what may still be on its way.
    const onItsWay = page.find(({ number, agoMs }) => missing.has(number) && agoMs < graceMs)
    const upTo = onItsWay ? onItsWay.number - 1 : page.at(-1)!.number
    if (upTo > checked) await lockingTransaction(database, (tx) => tx.execute(moveChecked, { subscription, checked: upTo }))
    checked = upTo
    if (onItsWay || page.length < eventsPerPage) break
  }
  if (fetched > 0) log.info({ subscription, events: fetched }, 'events that did not arrive were fetched')
  return fetched
}

async function missingOf(database: PlatformDatabase, subscription: string, page: readonly RelayedEvent[]): Promise<number[]> {
  const events = JSON.stringify(page.map(({ number, key, sequence }) => ({ number, key, sequence })))
  const rows = await database.raw.execute(readMissing, { subscription, events })
  return rows.map(({ number }) => Number(number))
}
