import { sql } from 'drizzle-orm'
import type { ColumnKit } from './columns.ts'

/**
 * The platform's tables, part of every module's own database, so that an event, a step and an audit entry commit together
 * with the change that caused them.
 */
export const platformTables = (kit: ColumnKit) => ({
  /** The event store: what this module published. Rows stay until archived; `data` is sealed. */
  outbox: kit.tenantTable('outbox', {
    /** UUIDv7: the order of the relay. */
    id: kit.id().primaryKey(),
    organizationId: kit.text().notNull(),
    name: kit.text().notNull(),
    version: kit.integer().notNull(),
    family: kit.text().notNull(),
    key: kit.text().notNull(),
    /** 1, 2, 3 … within family and key. */
    sequence: kit.integer().notNull(),
    data: kit.bytes().notNull(),
    traceparent: kit.text(),
    occurredAt: kit.instant().notNull(),
    /** When the bus had it; until then the relay sends it, again and again. */
    relayedAt: kit.instant(),
    /** Given at the same time, upwards within the family: no smaller one is committed later. */
    relayNumber: kit.integer(),
  }, (t) => [
    kit.uniqueIndex('outbox_by_sequence').on(t.family, t.key, t.sequence),
    kit.index('outbox_unrelayed').on(t.id).where(sql`relayed_at is null`),
    kit.uniqueIndex('outbox_by_relay_number').on(t.family, t.relayNumber).where(sql`relay_number is not null`),
  ]),

  /** The last relay number of a family; its row lock makes their order that of the commits. */
  relayNumbers: kit.table('relay_numbers', {
    family: kit.id().primaryKey(),
    last: kit.integer().notNull(),
  }),

  /** The last number given to an event of a family and key; its row lock orders concurrent publishers. */
  eventSequences: kit.table('event_sequences', {
    family: kit.text().notNull(),
    key: kit.text().notNull(),
    last: kit.integer().notNull(),
  }, (t) => [kit.primaryKey({ columns: [t.family, t.key] })]),

  /** What arrived for this module and is not applied yet: once per event and subscription, whatever the bus repeats. */
  inbox: kit.tenantTable('inbox', {
    /** `{publisher}/{family}`: the unit that is ordered and replayed. */
    subscription: kit.text().notNull(),
    key: kit.text().notNull(),
    /** The publisher gives each number of a key to one event alone, so this is the event's identity too. */
    sequence: kit.integer().notNull(),
    eventId: kit.text().notNull(),
    organizationId: kit.text().notNull(),
    name: kit.text().notNull(),
    /** `ready` to be tried at `dueAt`; `waiting` for the event before it; `parked` as poison, its key waiting behind it. */
    state: kit.text().$type<'ready' | 'waiting' | 'parked'>().notNull(),
    /** The `SealedEvent` as it travelled. The row goes when it is applied: the publisher keeps the event. */
    event: kit.json<unknown>().notNull(),
    attempts: kit.integer().notNull().default(0),
    /** Of a waiting event: when the missing one is fetched from the publisher. */
    dueAt: kit.instant().notNull(),
    unavailableSince: kit.instant(),
    lastError: kit.text(),
    receivedAt: kit.instant().notNull(),
  }, (t) => [
    kit.primaryKey({ columns: [t.subscription, t.key, t.sequence] }),
    kit.index('inbox_due').on(t.state, t.dueAt),
  ]),

  /** How far each key of a subscription is applied: n is applied after n-1 and never else. */
  inboxPositions: kit.table('inbox_positions', {
    subscription: kit.text().notNull(),
    key: kit.text().notNull(),
    /** The sequence of the last applied event. */
    position: kit.integer().notNull(),
  }, (t) => [kit.primaryKey({ columns: [t.subscription, t.key] })]),

  /** How far a subscription was compared with what its publisher relayed: up to which relay number nothing is missing. */
  inboxChecks: kit.table('inbox_checks', {
    subscription: kit.id().primaryKey(),
    checked: kit.integer().notNull(),
  }),

  /** Durable work. SQL alone decides who does it and when. */
  steps: kit.tenantTable('steps', {
    /** UUIDv7. */
    id: kit.id().primaryKey(),
    kind: kit.text().notNull(),
    /** The business key: with the kind, it exists once for ever. */
    key: kit.text().notNull(),
    organizationId: kit.text().notNull(),
    /** Ids, never names. */
    input: kit.json<unknown>().notNull(),
    state: kit.text().$type<'ready' | 'leased' | 'done' | 'dead'>().notNull().default('ready'),
    /** The smaller, the sooner; 0 unless told. */
    priority: kit.integer().notNull().default(0),
    /** Errors about this item. */
    attempts: kit.integer().notNull().default(0),
    /** Claims whose outcome is not on record: a crash counts here only. */
    starts: kit.integer().notNull().default(0),
    /** By the database's clock. */
    dueAt: kit.instant().notNull(),
    /** Set by a claim, compared by every completion: who lost the lease writes nothing. */
    leaseToken: kit.text(),
    leaseUntil: kit.instant(),
    startedAt: kit.instant(),
    /** Since when only the other side's absence kept it waiting; after three days it is dead. */
    unavailableSince: kit.instant(),
    lastError: kit.text(),
    traceparent: kit.text(),
    createdAt: kit.instant().notNull(),
    doneAt: kit.instant(),
  }, (t) => [
    kit.uniqueIndex('steps_by_key').on(t.kind, t.key),
    kit.index('steps_next').on(t.kind, t.dueAt).where(sql`state = 'ready'`),
    kit.index('steps_fair').on(t.kind, t.priority, t.organizationId, t.dueAt).where(sql`state = 'ready'`),
    kit.index('steps_leased').on(t.kind, t.leaseUntil).where(sql`state = 'leased'`),
    kit.index('steps_dead').on(t.kind, t.organizationId).where(sql`state = 'dead'`),
  ]),

  /** A kind that pauses because its other side is away, or whose rate is used up, in all processes at once. */
  stepKinds: kit.table('step_kinds', {
    kind: kit.id().primaryKey(),
    pausedUntil: kit.instant(),
    /** The present pause in milliseconds; doubles up to 15 minutes, and 0 again after a success. */
    backoffMs: kit.integer().notNull().default(0),
    unavailableSince: kit.instant(),
    lastError: kit.text(),
    /** Rate limit: claims counted since the window began. */
    windowStartedAt: kit.instant(),
    windowCount: kit.integer().notNull().default(0),
  }),

  /** The answer to each Idempotency-Key, committed together with what it answers for. */
  idempotency: kit.tenantTable('idempotency', {
    organizationId: kit.text().notNull(),
    key: kit.text().notNull(),
    /** Of method, path and body: another request under the same key is refused. */
    requestDigest: kit.text().notNull(),
    status: kit.integer().notNull(),
    headers: kit.json<Record<string, string>>().notNull(),
    /** Sealed. */
    body: kit.bytes().notNull(),
    createdAt: kit.instant().notNull(),
  }, (t) => [
    kit.primaryKey({ columns: [t.organizationId, t.key] }),
    kit.index('idempotency_by_age').on(t.createdAt),
  ]),

  /** Append-only; each entry's hash covers the one before it in the same organization. */
  audit: kit.tenantTable('audit', {
    organizationId: kit.text().notNull(),
    /** 1, 2, 3 … within the organization. */
    sequence: kit.integer().notNull(),
    action: kit.text().notNull(),
    target: kit.text().notNull(),
    actor: kit.text().notNull(),
    details: kit.json<Record<string, string | number | boolean>>().notNull(),
    traceparent: kit.text(),
    occurredAt: kit.instant().notNull(),
    previousHash: kit.bytes().notNull(),
    hash: kit.bytes().notNull(),
  }, (t) => [
    kit.primaryKey({ columns: [t.organizationId, t.sequence] }),
    kit.index('audit_by_target').on(t.organizationId, t.target),
  ]),

  /** The newest entry of each chain; its row lock orders concurrent writers. */
  auditHeads: kit.tenantTable('audit_heads', {
    organizationId: kit.id().primaryKey(),
    sequence: kit.integer().notNull(),
    hash: kit.bytes().notNull(),
  }),

  /** Where chains of other modules end, as they told this one, which is their witness: docs/decisions/0221. */
  auditWitness: kit.tenantTable('audit_witness', {
    module: kit.text().notNull(),
    organizationId: kit.text().notNull(),
    sequence: kit.integer().notNull(),
    hash: kit.bytes().notNull(),
    /** The newest restoration that the module had told of, by the hash of its audit entry. */
    restoration: kit.text(),
    /** What the chain was found to be when it was last told of; the place that is held stays until that is over. */
    contradiction: kit.text().$type<'cut' | 'rewritten'>(),
    keptAt: kit.instant().notNull(),
  }, (t) => [kit.primaryKey({ columns: [t.module, t.organizationId] })]),
})

export type PlatformTables = ReturnType<typeof platformTables>
