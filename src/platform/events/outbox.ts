import { and, asc, between, eq, gt, gte, inArray, isNull, or, placeholder, sql } from 'drizzle-orm'
import { uuidv7 } from 'uuidv7'
import { currentContext } from '../context.ts'
import type { KeyRing } from '../crypto/key-ring-types.ts'
import type { PlatformTables } from '../database/platform-tables.ts'
import { preparedStatement, recordset } from '../database/prepared-statement.ts'
import type { PlatformDatabase, RawQueries, TransactionHooks } from '../database/transaction.ts'
import { familyOf, type SealedEvent } from '../event.ts'
import type { OrganizationId } from '../organization-id.ts'
import type { EventPage, EventRange, RelayedEvent } from './subscription.ts'
import { instantOf } from '../work/instant-value.ts'
import { lockingTransaction } from '../work/locking-transaction.ts'

type OutboxRow = PlatformTables['outbox']['$inferSelect']

/** Where an event's data is sealed for: the publisher's outbox, wherever it travels afterwards. */
export const eventPlace = (event: { readonly id: string; readonly organizationId: string }) => ({
  organizationId: event.organizationId as OrganizationId,
  table: 'outbox',
  column: 'data',
  row: event.id,
})

const nextNumber = preparedStatement<{ family: string; key: string }, { last: number }>(({ platform }) => sql`
  insert into ${platform.eventSequences} as numbered (family, key, last) values (${placeholder('family')}, ${placeholder('key')}, 1)
  on conflict (family, key) do update set last = numbered.last + 1 returning last`)

type NewEvent = Omit<OutboxRow, 'occurredAt' | 'relayedAt' | 'relayNumber'>

const insertEvent = preparedStatement<NewEvent>(({ platform, now }) => sql`
  insert into ${platform.outbox}
    (id, organization_id, name, version, family, key, sequence, data, traceparent, occurred_at)
  values (${placeholder('id')}, ${placeholder('organizationId')}, ${placeholder('name')}, ${placeholder('version')},
    ${placeholder('family')}, ${placeholder('key')}, ${placeholder('sequence')}, ${placeholder('data')},
    ${placeholder('traceparent')}, ${now()})`)

/**
 * How a transaction publishes: it numbers the event within family and key under a row lock, seals the data for its
 * subject and writes the outbox. The subject's key (else the organization's) was loaded before the transaction began.
 */
export const publishHook = (
  keys: KeyRing,
): TransactionHooks['publish'] => async (tx, definition, organizationId, input) => {
  const data = definition.data.parse(input)
  const family = familyOf(definition.name)
  const key = definition.key(data)
  const id = uuidv7()
  const subject = definition.subject?.(data) ?? organizationId
  const sealed = keys.seal(subject, eventPlace({ id, organizationId }), JSON.stringify(data))
  const [numbered] = await tx.execute(nextNumber, { family, key })
  await tx.execute(insertEvent, {
    id,
    organizationId,
    name: definition.name,
    version: definition.version,
    family,
    key,
    sequence: Number(numbered!.last),
    data: sealed,
    traceparent: currentContext().traceparent ?? null,
  })
  tx.notify({ events: 1 })
}

interface UnrelayedRow extends Omit<NewEvent, 'organizationId'> {
  readonly organization_id: string
  readonly occurred_at: unknown
}

const readUnrelayed = preparedStatement<{ limit: number }, UnrelayedRow>(({ platform }) => sql`
  select id, organization_id, name, version, family, key, sequence, data, traceparent, occurred_at from ${platform.outbox}
  where relayed_at is null order by id limit ${placeholder('limit')}`)

/**
 * What the bus has not had yet, oldest first. Selected by state and never from a highest id on: a transaction with
 * a lower id may commit later.
 */
export async function unrelayedEvents(database: PlatformDatabase, limit: number): Promise<SealedEvent[]> {
  const rows = await database.raw.execute(readUnrelayed, { limit })
  return rows.map(({ organization_id: organizationId, occurred_at: occurredAt, ...row }) =>
    sealedEvent(database.module)({ ...row, organizationId, occurredAt: instantOf(occurredAt)! }))
}

const reserveNumbers = preparedStatement<{ family: string; count: number }, { last: number }>(({ platform }) => sql`
  insert into ${platform.relayNumbers} as numbered (family, last) values (${placeholder('family')}, ${placeholder('count')})
  on conflict (family) do update set last = numbered.last + excluded.last returning last`)

const setRelayed = preparedStatement<{ events: string }>((kit) => sql`
  update ${kit.platform.outbox} set relayed_at = ${kit.now()}, relay_number = records.number
  from ${recordset(kit, 'events', { id: 'text', number: 'integer' })}
  where ${kit.platform.outbox}.id = records.id and relayed_at is null`)

/**
 * Committed after the bus had them; a crash before it only sends them again. It numbers them within their family, so that
 * whoever the bus did not reach finds them. A number may stay unused.
 */
export async function markRelayed(database: PlatformDatabase, events: readonly SealedEvent[]): Promise<void> {
  const families = [...Map.groupBy(events, ({ name }) => familyOf(name))].sort(([a], [b]) => (a < b ? -1 : 1))
  await lockingTransaction(database, async (tx) => {
    const numbered: { id: string; number: number }[] = []
    for (const [family, own] of families) {
      const [reserved] = await tx.execute(reserveNumbers, { family, count: own.length })
      const first = Number(reserved!.last) - own.length + 1
      own.forEach(({ id }, at) => numbered.push({ id, number: first + at }))
    }
    await tx.execute(setRelayed, { events: JSON.stringify(numbered) })
  })
}

const readRelayed = preparedStatement<
  { family: string; after: number; limit: number },
  { number: number; key: string; sequence: number; relayed_at: unknown; now: unknown }
>(({ platform, now }) => sql`
  select relay_number as number, key, sequence, relayed_at, ${now()} as now from ${platform.outbox}
  where family = ${placeholder('family')} and relay_number is not null and relay_number > ${placeholder('after')}
  order by relay_number limit ${placeholder('limit')}`)

/** For the test of their plans. */
export const relayStatements = { readUnrelayed, setRelayed, readRelayed }

/** What the bus was given of a family behind this relay number, in that order; at most 1,000. */
export async function relayedEvents(
  database: PlatformDatabase,
  { family, after, limit }: { readonly family: string; readonly after: number; readonly limit: number },
): Promise<RelayedEvent[]> {
  const rows = await database.raw.execute(readRelayed, { family, after, limit: Math.min(limit, 1_000) })
  return rows.map(({ number, key, sequence, relayed_at, now }) => ({
    number: Number(number),
    key,
    sequence: Number(sequence),
    agoMs: instantOf(now)!.getTime() - instantOf(relayed_at)!.getTime(),
  }))
}

/** Events by their relay numbers, for a subscriber whom the bus did not reach. */
export async function readNumbered(database: PlatformDatabase, family: string, numbers: readonly number[]): Promise<SealedEvent[]> {
  const { outbox } = database.raw.platform
  const rows = await database.raw.select().from(outbox)
    .where(and(eq(outbox.family, family), inArray(outbox.relayNumber, [...numbers])))
    .orderBy(asc(outbox.relayNumber))
  return rows.map(sealedEvent(database.module))
}

/**
 * At most 1,000 events of one key, for a subscriber with a gap. Numbers that were never published are simply absent.
 */
export async function readRange(
  database: PlatformDatabase,
  range: Omit<EventRange, 'publisher'>,
): Promise<SealedEvent[]> {
  const { outbox } = database.raw.platform
  const rows = await database.raw.select().from(outbox)
    .where(and(
      eq(outbox.family, range.family),
      eq(outbox.key, range.key),
      between(outbox.sequence, range.fromSequence, range.toSequence),
    ))
    .orderBy(asc(outbox.sequence)).limit(1_000)
  return rows.map(sealedEvent(database.module))
}

/** A page of a family's whole store, for a replay. Empty: there is no more. */
export async function readPage(database: PlatformDatabase, page: Omit<EventPage, 'publisher'>): Promise<SealedEvent[]> {
  const { outbox } = database.raw.platform
  const { after } = page
  const rows = await database.raw.select().from(outbox)
    .where(and(
      eq(outbox.family, page.family),
      after && or(gt(outbox.key, after.key), and(eq(outbox.key, after.key), gt(outbox.sequence, after.sequence))),
      page.since === undefined ? undefined : gte(outbox.occurredAt, new Date(page.since)),
    ))
    .orderBy(asc(outbox.key), asc(outbox.sequence)).limit(Math.min(page.limit, 1_000))
  return rows.map(sealedEvent(database.module))
}

/** Events that wait for the bus: how far the relay is behind. */
export const unrelayedCount = (raw: RawQueries): Promise<number> =>
  raw.$count(raw.platform.outbox, isNull(raw.platform.outbox.relayedAt))

const sealedEvent = (publisher: string) => (row: Omit<OutboxRow, 'relayedAt' | 'relayNumber'>): SealedEvent => ({
  id: row.id,
  name: row.name,
  version: row.version,
  publisher,
  organizationId: row.organizationId,
  key: row.key,
  sequence: row.sequence,
  occurredAt: row.occurredAt.toISOString(),
  traceparent: row.traceparent,
  data: Buffer.from(row.data.buffer, row.data.byteOffset, row.data.byteLength).toString('base64'),
})
