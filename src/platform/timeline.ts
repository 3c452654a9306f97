import { and, asc, eq, inArray } from 'drizzle-orm'
import type { z } from 'zod'
import type { PlatformDatabase } from './database/transaction.ts'
import type { TimelineEntryJson, TimelinePositionJson } from './platform-operations.ts'
import { parseTraceparent } from './telemetry/traceparent.ts'

/**
 * What a module knows of a thing that has gone through several modules: without names, addresses and texts that people
 * wrote, because it is printed on an operator's screen.
 */
export interface History {
  /** Other names of the same thing here: its public id, its batch, the messages about it. */
  readonly ids: readonly string[]
  readonly organizationId?: string
  readonly facts: readonly Fact[]
}

export interface Fact {
  readonly at: Date
  /** In the past tense: `accepted`. */
  readonly what: string
  /** Ids, numbers and codes. */
  readonly details?: Readonly<Record<string, string | number | boolean>>
}

/** Answers for ids of any kind; those that it does not know it passes over. */
export type FindHistory = (ids: readonly string[]) => Promise<History>

export type TimelineEntry = z.output<typeof TimelineEntryJson>
export type TimelinePosition = z.output<typeof TimelinePositionJson>

export interface TimelineSources {
  readonly database: PlatformDatabase
  /** Of the module's steps. */
  readonly kinds: readonly string[]
  /** Of the events that it publishes. */
  readonly families: readonly string[]
  /** What it hears: `{publisher}/{family}`. */
  readonly subscriptions: readonly string[]
  readonly history: FindHistory | undefined
}

const atMost = 500

/**
 * Everything that one module has on record under these ids: its own facts, steps, published events, events that it waits
 * with, and its audit; read through indexes alone, at most 500 of each.
 */
export async function moduleTimeline(
  { database, kinds, families, subscriptions, history }: TimelineSources,
  asked: { readonly ids: readonly string[]; readonly organizationId?: string | undefined },
) {
  const own = (await history?.(asked.ids)) ?? { ids: [], facts: [] }
  const ids = [...new Set([...asked.ids, ...own.ids])]
  const organizationId = asked.organizationId ?? own.organizationId
  const { raw } = database
  const { steps, outbox, inbox, inboxPositions, audit } = raw.platform
  const [stepRows, eventRows, heldRows, positions, auditRows] = await Promise.all([
    raw.select().from(steps).where(and(inArray(steps.kind, [...kinds]), inArray(steps.key, ids))).limit(atMost),
    raw.select().from(outbox).where(and(inArray(outbox.family, [...families]), inArray(outbox.key, ids))).limit(atMost),
    raw.select().from(inbox).where(and(inArray(inbox.subscription, [...subscriptions]), inArray(inbox.key, ids))).limit(atMost),
    raw.select().from(inboxPositions)
      .where(and(inArray(inboxPositions.subscription, [...subscriptions]), inArray(inboxPositions.key, ids))).limit(atMost),
    organizationId === undefined ? [] : raw.select().from(audit)
      .where(and(eq(audit.organizationId, organizationId), inArray(audit.target, ids))).orderBy(asc(audit.sequence)).limit(atMost),
  ])
  const entries: TimelineEntry[] = [
    ...own.facts.map(({ at, what, details }): TimelineEntry => ({ at: at.toISOString(), source: 'fact', what, details: { ...details } })),
    ...stepRows.map((row): TimelineEntry => ({
      at: (row.doneAt ?? row.startedAt ?? row.createdAt).toISOString(),
      source: 'step',
      what: row.kind,
      ...traceOf(row),
      details: {
        id: row.id, key: row.key, state: row.state, attempts: row.attempts, starts: row.starts,
        addedAt: row.createdAt.toISOString(), ...(row.lastError !== null && { lastError: row.lastError }),
      },
    })),
    ...eventRows.map((row): TimelineEntry => ({
      at: row.occurredAt.toISOString(),
      source: 'event',
      what: row.name,
      ...traceOf(row),
      details: { id: row.id, key: row.key, sequence: row.sequence, relayedAt: row.relayedAt?.toISOString() ?? 'not yet' },
    })),
    ...heldRows.map((row): TimelineEntry => ({
      at: row.receivedAt.toISOString(),
      source: 'heard',
      what: row.name,
      details: {
        id: row.eventId, key: row.key, sequence: row.sequence, state: row.state, attempts: row.attempts,
        ...(row.lastError !== null && { lastError: row.lastError }),
      },
    })),
    ...auditRows.map((row): TimelineEntry => ({
      at: row.occurredAt.toISOString(),
      source: 'audit',
      what: row.action,
      ...traceOf(row),
      details: { sequence: row.sequence, target: row.target, actor: row.actor },
    })),
  ]
  return {
    ids,
    ...(organizationId !== undefined && { organizationId }),
    entries,
    positions: positions.map(({ subscription, key, position }) => ({ subscription, key, position })),
  }
}

function traceOf({ traceparent }: { readonly traceparent: string | null }): { traceId?: string } {
  const traceId = parseTraceparent(traceparent)?.traceId
  return traceId === undefined ? {} : { traceId }
}
