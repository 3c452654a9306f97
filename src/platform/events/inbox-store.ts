import { and, asc, eq, lte, sql } from 'drizzle-orm'
import type { PlatformTables } from '../database/platform-tables.ts'
import type { PlatformDatabase, RawTransaction } from '../database/transaction.ts'
import type { SealedEvent } from '../event.ts'
import { instantOf } from '../work/instant-value.ts'
import { lockingTransaction } from '../work/locking-transaction.ts'
import { afterFailure, classifyFailure, describeFailure, type RetryPolicy } from '../work/retry-rules.ts'
import { subscriptionOf } from './subscription.ts'

type InboxRow = PlatformTables['inbox']['$inferSelect']

/** An event that is due, with what its key has come to. */
export interface DueEvent extends Omit<InboxRow, 'event'> {
  readonly event: SealedEvent
  /** The sequence of the last applied event of the key; 0: none. */
  readonly position: number
}

/** Which event of which key of which subscription. */
export interface InboxPlace {
  readonly subscription: string
  readonly key: string
  readonly sequence: number
}

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

export async function insertEvents(tx: RawTransaction, events: readonly SealedEvent[]): Promise<void> {
  await tx.insert(tx.platform.inbox).values(events.map((event) => ({
    subscription: subscriptionOf(event),
    key: event.key,
    sequence: event.sequence,
    eventId: event.id,
    organizationId: event.organizationId,
    name: event.name,
    state: 'ready' as const,
    event,
    dueAt: tx.now(),
    receivedAt: tx.now(),
  }))).onConflictDoNothing()
}

/** What is due to be tried, oldest first. */
export async function dueEvents(database: PlatformDatabase, limit: number): Promise<DueEvent[]> {
  const { inbox, inboxPositions } = database.raw.platform
  const rows = await database.raw.select({ inbox, position: inboxPositions.position }).from(inbox)
    .leftJoin(inboxPositions, and(
      eq(inboxPositions.subscription, inbox.subscription),
      eq(inboxPositions.key, inbox.key),
    ))
    .where(and(eq(inbox.state, 'ready'), lte(inbox.dueAt, database.raw.now())))
    .orderBy(asc(inbox.dueAt), asc(inbox.sequence)).limit(limit)
  return rows.map((row) => ({ ...row.inbox, event: row.inbox.event as SealedEvent, position: row.position ?? 0 }))
}

/** Milliseconds until the next retry is due; undefined: nothing is to be tried. */
export async function nextDueInMs(database: PlatformDatabase): Promise<number | undefined> {
  const [row] = await database.raw.rows<{ due: unknown; now: unknown }>(sql`
    select ${database.raw.now()} as now, min(due_at) as due from ${database.raw.platform.inbox} where state = 'ready'`)
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

/**
 * Moves a key from n-1 to n and takes the event out of the inbox, in the transaction of its effects.
 * @throws {PositionMoved} when the key is not at n-1 any more, whatever was decided before: this is what makes "once"
 * true
 */
export async function advance(tx: RawTransaction, { subscription, key, sequence }: InboxPlace): Promise<void> {
  const { inbox, inboxPositions } = tx.platform
  const moved = await tx.rows(sequence === 1
    ? sql`insert into ${inboxPositions} as at (subscription, key, position) values (${subscription}, ${key}, 1)
        on conflict (subscription, key) do update set position = 1 where at.position = 0 returning position`
    : sql`update ${inboxPositions} set position = ${sequence}
        where subscription = ${subscription} and key = ${key} and position = ${sequence - 1} returning position`)
  if (moved.length === 0) throw new PositionMoved()
  await tx.rows(sql`
    delete from ${inbox} where subscription = ${subscription} and key = ${key} and sequence = ${sequence}`)
}

/** The event behind this one has its turn now, if it was waiting. @returns whether it was */
export async function wakeNext(tx: RawTransaction, { subscription, key, sequence }: InboxPlace): Promise<boolean> {
  const woken = await tx.rows(sql`
    update ${tx.platform.inbox} set state = 'ready', due_at = ${tx.now()}
    where subscription = ${subscription} and key = ${key} and sequence = ${sequence + 1} and state = 'waiting'
    returning sequence`)
  return woken.length > 0
}

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
    const tried = { attempts: due.attempts, unavailableSince: due.unavailableSince ?? undefined }
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
