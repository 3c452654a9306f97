import { placeholder, sql } from 'drizzle-orm'
import type { PlatformTables } from '../database/platform-tables.ts'
import { preparedStatement, recordset } from '../database/prepared-statement.ts'
import type { PlatformDatabase, RawTransaction } from '../database/transaction.ts'
import type { SealedEvent } from '../event.ts'
import { instantOf } from '../work/instant-value.ts'
import { lockingTransaction } from '../work/locking-transaction.ts'
import { afterFailure, classifyFailure, describeFailure, type RetryPolicy } from '../work/retry-rules.ts'
import { subscriptionOf } from './subscription.ts'

type InboxRow = PlatformTables['inbox']['$inferSelect']

/** An event that is due, with what its key has come to. */
export interface DueEvent extends Pick<InboxRow, 'subscription' | 'key' | 'sequence' | 'name' | 'attempts'> {
  readonly unavailableSince: Date | undefined
  /** The sequence of the last applied event of the key; 0: none. */
  readonly position: number
}

/** Which event of which key of which subscription. */
export interface InboxPlace {
  readonly subscription: string
  readonly key: string
  readonly sequence: number
}

const placeColumns = { subscription: 'text', key: 'text', sequence: 'integer' } as const

const rowsPerCommit = 200

/**
 * Commits what arrived; what is there already stays as it is. Whether it is a duplicate is decided when its turn
 * comes.
 */
export async function storeEvents(database: PlatformDatabase, events: readonly SealedEvent[]): Promise<void> {
  for (let start = 0; start < events.length; start += rowsPerCommit) {
    await lockingTransaction(database, (tx) => insertEvents(tx, events.slice(start, start + rowsPerCommit)))
  }
}

const insertArrived = preparedStatement<{ events: string }>((kit) => sql`
  insert into ${kit.platform.inbox}
    (subscription, key, sequence, event_id, organization_id, name, state, event, attempts, due_at, received_at)
  select subscription, key, sequence, event_id, organization_id, name, 'ready', event, 0, ${kit.now()}, ${kit.now()}
  from ${recordset(kit, 'events', {
    subscription: 'text', key: 'text', sequence: 'integer', event_id: 'text', organization_id: 'text', name: 'text', event: 'json',
  })} where true on conflict do nothing`)

export async function insertEvents(tx: RawTransaction, events: readonly SealedEvent[]): Promise<void> {
  await tx.execute(insertArrived, {
    events: JSON.stringify(events.map((event) => ({
      subscription: subscriptionOf(event),
      key: event.key,
      sequence: event.sequence,
      event_id: event.id,
      organization_id: event.organizationId,
      name: event.name,
      event,
    }))),
  })
}

type DueRow = Omit<DueEvent, 'unavailableSince' | 'position'> & {
  readonly unavailable_since: unknown
  readonly position: number | null
}

const readDue = preparedStatement<{ limit: number }, DueRow>(({ platform: { inbox, inboxPositions }, now }) => sql`
  select arrived.subscription, arrived.key, arrived.sequence, arrived.name, arrived.attempts, arrived.unavailable_since, at.position
  from ${inbox} as arrived left join ${inboxPositions} as at
    on at.subscription = arrived.subscription and at.key = arrived.key
  where arrived.state = 'ready' and arrived.due_at <= ${now()}
  order by arrived.due_at, arrived.sequence limit ${placeholder('limit')}`)

/** What is due to be tried, oldest first. */
export async function dueEvents(database: PlatformDatabase, limit: number): Promise<DueEvent[]> {
  const rows = await database.raw.execute(readDue, { limit })
  return rows.map(({ unavailable_since, position, ...row }) =>
    ({ ...row, unavailableSince: instantOf(unavailable_since), position: position ?? 0 }))
}

const readEvents = preparedStatement<{ places: string }, InboxPlace & { event: string }>((kit) => sql`
  select subscription, key, sequence, cast(event as text) as event from ${kit.platform.inbox}
  where (subscription, key, sequence) in (select subscription, key, sequence from ${recordset(kit, 'places', placeColumns)})`)

/** The events themselves, by {@link placeOf}; one that was applied meanwhile is not among them. */
export async function eventsAt(database: PlatformDatabase, places: readonly InboxPlace[]): Promise<Map<string, SealedEvent>> {
  const rows = await database.raw.execute(readEvents, { places: placesJson(places) })
  return new Map(rows.map((row) => [placeOf(row), JSON.parse(row.event) as SealedEvent]))
}

const readNextDue = preparedStatement<object, { due: unknown; now: unknown }>(({ platform: { inbox }, now }) => sql`
  select ${now()} as now, min(due_at) as due from ${inbox} where state = 'ready'`)

/** Milliseconds until the next retry is due; undefined: nothing is to be tried. */
export async function nextDueInMs(database: PlatformDatabase): Promise<number | undefined> {
  const [row] = await database.raw.execute(readNextDue, {})
  const due = instantOf(row!.due)
  return due && due.getTime() - instantOf(row!.now)!.getTime()
}

/** Somebody else applied this event, or a replay set its key back, between the decision and the commit. */
export class PositionMoved extends Error {
  constructor() {
    super('The key is no longer where it was when this event was decided upon.')
    this.name = 'PositionMoved'
  }
}

/** The first event of a key, which has no position yet, or that of 0 after a replay. */
const moveToFirst = preparedStatement<{ places: string }, InboxPlace>((kit) => sql`
  insert into ${kit.platform.inboxPositions} as at (subscription, key, position)
  select subscription, key, sequence from ${recordset(kit, 'places', placeColumns)} where true
  on conflict (subscription, key) do update set position = 1 where at.position = 0
  returning subscription, key, position as sequence`)

const moveOn = preparedStatement<{ places: string }, InboxPlace>((kit) => {
  const { inboxPositions } = kit.platform
  const [subscription, key] = [sql`${inboxPositions}.subscription`, sql`${inboxPositions}.key`]
  return sql`
    update ${inboxPositions} set position = records.sequence from ${recordset(kit, 'places', placeColumns)}
    where ${subscription} = records.subscription and ${key} = records.key and position = records.sequence - 1
    returning ${subscription}, ${key}, position as sequence`
})

const takeOut = preparedStatement<{ places: string }>((kit) => sql`
  delete from ${kit.platform.inbox}
  where (subscription, key, sequence) in (select subscription, key, sequence from ${recordset(kit, 'places', placeColumns)})`)

/**
 * Moves keys from n-1 to n, at most one event of each, and takes these out of the inbox, in the transaction of their effects.
 * @returns those whose key was at n-1, whatever was decided before: this is what makes "once" true
 */
export async function advance<P extends InboxPlace>(tx: RawTransaction, places: readonly P[]): Promise<Set<P>> {
  const [first, later] = [places.filter(({ sequence }) => sequence === 1), places.filter(({ sequence }) => sequence !== 1)]
  const moved = new Set([
    ...(first.length > 0 ? await tx.execute(moveToFirst, { places: placesJson(first) }) : []),
    ...(later.length > 0 ? await tx.execute(moveOn, { places: placesJson(later) }) : []),
  ].map(keyOf))
  const held = places.filter((place) => moved.has(keyOf(place)))
  if (held.length > 0) await tx.execute(takeOut, { places: placesJson(held) })
  return new Set(held)
}

const wakeBehind = preparedStatement<{ places: string }, { sequence: number }>((kit) => {
  const { inbox } = kit.platform
  return sql`
    update ${inbox} set state = 'ready', due_at = ${kit.now()} from ${recordset(kit, 'places', placeColumns)}
    where ${inbox}.subscription = records.subscription and ${inbox}.key = records.key
      and ${inbox}.sequence = records.sequence + 1 and state = 'waiting'
    returning ${inbox}.sequence`
})

/** For the test of their plans. */
export const inboxStatements = { readDue, readEvents, readNextDue, moveOn, takeOut, wakeBehind }

/** The events behind these have their turn now, if they were waiting. @returns whether any was */
export async function wakeNext(tx: RawTransaction, places: readonly InboxPlace[]): Promise<boolean> {
  if (places.length === 0) return false
  return (await tx.execute(wakeBehind, { places: placesJson(places) })).length > 0
}

const placesJson = (places: readonly InboxPlace[]): string =>
  JSON.stringify(places.map(({ subscription, key, sequence }) => ({ subscription, key, sequence })))

export const placeOf = (place: InboxPlace): string => `${keyOf(place)} ${place.sequence}`

/** Which key of which subscription, as one text. */
export const keyOf = ({ subscription, key }: Omit<InboxPlace, 'sequence'>): string => `${subscription} ${key}`

/** Behind a missing or a parked event; looked at again after `gapMs`. */
export async function markWaiting(
  database: PlatformDatabase,
  places: readonly InboxPlace[],
  gapMs: number,
): Promise<void> {
  await eachPlace(database, places, (tx, place) => sql`
    update ${tx.platform.inbox} set state = 'waiting', due_at = ${tx.now(gapMs)} where ${at(place)} and state = 'ready'
      and ${appliedUpTo(tx, place)} < ${place.sequence - 1}`)
}

export async function dropDuplicates(database: PlatformDatabase, places: readonly InboxPlace[]): Promise<void> {
  await eachPlace(database, places, (tx, place) => sql`
    delete from ${tx.platform.inbox} where ${at(place)} and ${appliedUpTo(tx, place)} >= ${place.sequence}`)
}

const appliedUpTo = (tx: RawTransaction, { subscription, key }: InboxPlace) => sql`coalesce((
  select position from ${tx.platform.inboxPositions} where subscription = ${subscription} and key = ${key}), 0)`

async function eachPlace(
  database: PlatformDatabase,
  places: readonly InboxPlace[],
  statement: (tx: RawTransaction, place: InboxPlace) => ReturnType<typeof sql>,
): Promise<void> {
  for (let start = 0; start < places.length; start += rowsPerCommit) {
    await lockingTransaction(database, async (tx) => {
      for (const place of places.slice(start, start + rowsPerCommit)) await tx.rows(statement(tx, place))
    })
  }
}

const at = ({ subscription, key, sequence }: InboxPlace) =>
  sql`subscription = ${subscription} and key = ${key} and sequence = ${sequence}`

/** Records a failed attempt by the rules of steps. @returns whether the event is parked now, and its key behind it */
export function recordFailure(
  database: PlatformDatabase,
  policy: RetryPolicy,
  due: DueEvent,
  thrown: unknown,
): Promise<'retried' | 'parked'> {
  return lockingTransaction(database, async (tx) => {
    const [row] = await tx.rows<{ now: unknown }>(sql`select ${tx.now()} as now`)
    const tried = { attempts: due.attempts, unavailableSince: due.unavailableSince }
    const verdict = afterFailure(policy, tried, classifyFailure(thrown), instantOf(row!.now)!)
    await tx.rows(sql`
      update ${tx.platform.inbox} set state = ${verdict.retry ? 'ready' : 'parked'}, attempts = ${verdict.attempts},
        due_at = ${tx.now(verdict.retry ? verdict.delayMs : 0)},
        unavailable_since = ${(verdict.retry ? verdict.unavailableSince : tried.unavailableSince) ?? null},
        last_error = ${describeFailure(thrown)}
      where ${at(due)}`)
    return verdict.retry ? 'retried' : 'parked'
  })
}
