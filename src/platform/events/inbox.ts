import type { Logger } from 'pino'
import { inContext } from '../context.ts'
import { sealedSubject } from '../crypto/envelope.ts'
import { KeyErased, type KeyRing } from '../crypto/key-ring-types.ts'
import type { PlatformDatabase } from '../database/transaction.ts'
import { type EventEnvelope, familyOf, type SealedEvent } from '../event.ts'
import type { Subscription } from '../module.ts'
import { OrganizationId } from '../organization-id.ts'
import { span } from '../telemetry/trace.ts'
import { describeFailure, type RetryPolicy } from '../work/retry-rules.ts'
import type { Bus } from './bus.ts'
import { bell, whileExclusive } from './exclusive.ts'
import { closeGaps } from './inbox-gaps.ts'
import { planInbox } from './inbox-rule.ts'
import {
  advance, type DueEvent, dropDuplicates, dueEvents, type InboxPlace, markWaiting, nextDueInMs, PositionMoved,
  recordFailure, storeEvents, wakeNext,
} from './inbox-store.ts'
import { eventPlace } from './outbox.ts'
import { type FetchEvents, subscriptionOf } from './subscription.ts'

export type EventOutcome = 'applied' | 'passed' | 'retried' | 'parked'

export interface InboxOptions<T> {
  readonly database: PlatformDatabase<T>
  /** Publisher → families, whole. */
  readonly subscribes: Readonly<Record<string, readonly string[]>>
  readonly subscriptions: readonly Subscription<T>[]
  readonly keys: KeyRing
  readonly fetchEvents: FetchEvents
  readonly policy: RetryPolicy
  readonly log: Logger
  /** How long an event waits for a missing one before that is fetched; 30 s unless told. */
  readonly gapMs?: number
  /** How often it looks without having received anything; 1 s unless told. */
  readonly sweepMs?: number
  /** Keys that are applied side by side; 64 unless told. */
  readonly concurrency?: number
  /** Told of each outcome, for metrics. */
  readonly onOutcome?: (what: { name: string; outcome: EventOutcome }) => void
}

export interface Inbox {
  /** Resolves when the events are committed in the inbox; unknown families are refused. */
  receive(events: readonly SealedEvent[]): Promise<void>
  /** Subscribes to everything that the module hears. Consumers start last. */
  start(bus: Bus): void
  stop(): Promise<void>
}

const batchSize = 500

/**
 * A module's inbox: stores what the bus brings, and applies the events of each key in their order, each in one
 * transaction with its effects. An event that keeps failing is parked and its key waits behind it; other keys go on.
 */
export function createInbox<T>(options: InboxOptions<T>): Inbox {
  const { database, keys, policy, log, gapMs = 30_000, sweepMs = 1_000, concurrency = 64 } = options
  const families = new Set(
    Object.entries(options.subscribes).flatMap(([publisher, names]) => names.map((family) => `${publisher}/${family}`)))
  const handlers = new Map<string, Subscription<T>>()
  for (const subscription of options.subscriptions) {
    const { publisher, event } = subscription
    const id = `${publisher}/${event.name}`
    if (!families.has(`${publisher}/${familyOf(event.name)}`)) {
      throw new Error(`${database.module} handles ${event.name} of ${publisher} but does not subscribe to its family.`)
    }
    if (handlers.has(id)) throw new Error(`${database.module} handles ${event.name} of ${publisher} twice.`)
    handlers.set(id, subscription)
  }
  const stopped = new AbortController()
  const arrived = bell()
  /** Keys that are being applied: no key by two at once. */
  const active = new Map<string, Promise<void>>()
  let running: Promise<void> | undefined
  let crowded = false

  async function receive(events: readonly SealedEvent[]): Promise<void> {
    const foreign = events.find((event) => !families.has(subscriptionOf(event)))
    if (foreign) throw new Error(`${database.module} does not subscribe to ${foreign.name} of ${foreign.publisher}.`)
    await storeEvents(database, events)
    arrived.ring()
  }

  async function applyArrived(signal: AbortSignal): Promise<void> {
    let gapsAt = performance.now()
    const gapSweepMs = Math.min(Math.max(gapMs / 6, 20), 5_000)
    while (!signal.aborted) {
      try {
        if (performance.now() >= gapsAt) {
          await closeGaps(database, { fetchEvents: options.fetchEvents, gapMs, log })
          gapsAt = performance.now() + gapSweepMs
        }
        // Taken before the query, whose positions are older than what ends meanwhile.
        const busy = new Set(active.keys())
        const due = await dueEvents(database, batchSize)
        const fresh = Map.groupBy(due.filter((row) => !busy.has(keyOf(row))), keyOf)
        crowded = due.length === batchSize
        if (fresh.size > 0) await startKeys(fresh, signal)
        else {
          const waitMs = (due.length > 0 ? undefined : await nextDueInMs(database)) ?? sweepMs
          await arrived.wait(Math.min(waitMs, sweepMs, Math.max(gapsAt - performance.now(), 1)), signal)
        }
      } catch (error) {
        log.error({ error: describeFailure(error) }, 'events could not be applied')
        await arrived.wait(sweepMs, signal)
      }
    }
    await Promise.all(active.values())
  }

  async function startKeys(fresh: Map<string, DueEvent[]>, signal: AbortSignal): Promise<void> {
    const plans = [...fresh].map(([id, rows]) => ({ id, ...planInbox(rows[0]!.position, rows) }))
    const duplicates = plans.flatMap((plan) => plan.duplicates)
    const wait = plans.flatMap((plan) => plan.wait)
    if (duplicates.length > 0) await dropDuplicates(database, duplicates)
    if (wait.length > 0) await markWaiting(database, wait, gapMs)
    const subjects = plans.flatMap((plan) => plan.apply.filter(handlerOf).map((row) => subjectOf(row.event)))
    // One call for the batch; whoever's key cannot be had fails alone, below.
    await keys.load(subjects.filter((subject) => subject !== undefined)).catch(() => {})
    for (const { id, apply } of plans) {
      if (apply.length === 0) continue
      while (active.size >= concurrency) await Promise.race(active.values())
      if (signal.aborted) return
      const work = applyKey(apply, signal)
        .catch((error: unknown) => log.error({ error: describeFailure(error) }, 'an event could not be recorded'))
        .finally(() => {
          active.delete(id)
          if (crowded || active.size === 0) arrived.ring()
        })
      active.set(id, work)
    }
  }

  /** Applies successive events of one key, up to the first that fails. */
  async function applyKey(chain: readonly DueEvent[], signal: AbortSignal): Promise<void> {
    for (const [i, due] of chain.entries()) {
      if (signal.aborted) return
      const outcome = await applyEvent(due, i === chain.length - 1)
      if (outcome === undefined) return
      options.onOutcome?.({ name: due.name, outcome })
      if (outcome === 'retried' || outcome === 'parked') return
    }
  }

  async function applyEvent(due: DueEvent, last: boolean): Promise<EventOutcome | undefined> {
    const { event } = due
    const organizationId = OrganizationId.parse(event.organizationId)
    const context = {
      organizationId,
      actor: `module:${database.module}`,
      ...(event.traceparent === null ? {} : { traceparent: event.traceparent }),
    }
    try {
      const attributes = { 'vellum.module': database.module }
      return await inContext(context, () => span(`event ${event.name}`, attributes, async () => {
        const subscription = handlerOf(due)
        const opened = subscription && await open(event, subscription)
        const effect = opened && await subscription.handler(opened)
        const woke = await database.platformTransaction(async (tx, raw) => {
          await advance(raw, due)
          await effect?.(tx)
          return last && wakeNext(raw, due)
        }, { background: true })
        if (woke) arrived.ring()
        return opened ? 'applied' as const : 'passed' as const
      }))
    } catch (error) {
      if (error instanceof PositionMoved) return undefined
      const outcome = await inContext({}, () => recordFailure(database, policy, due, error))
      const fields = { event: event.id, name: event.name, outcome, error: describeFailure(error) }
      if (outcome === 'parked') log.error(fields, 'an event is parked, and its key behind it')
      else log.warn(fields, 'an event could not be applied and is tried again')
      return outcome
    }
  }

  /** Undefined when its subject was erased: then it only counts as passed. */
  async function open(event: SealedEvent, { event: definition }: Subscription<T>): Promise<EventEnvelope | undefined> {
    const sealed = Buffer.from(event.data, 'base64')
    const { subject } = sealedSubject(sealed)
    await keys.load([subject])
    if (keys.isErased(subject)) return undefined
    try {
      const data: unknown = JSON.parse(keys.openText(eventPlace(event), sealed))
      return {
        id: event.id,
        name: event.name,
        version: event.version,
        publisher: event.publisher,
        organizationId: OrganizationId.parse(event.organizationId),
        key: event.key,
        sequence: event.sequence,
        occurredAt: new Date(event.occurredAt),
        traceparent: event.traceparent ?? undefined,
        data: definition.data.parse(data),
      }
    } catch (error) {
      if (error instanceof KeyErased) return undefined
      throw error
    }
  }

  const handlerOf = (due: DueEvent) => handlers.get(`${due.event.publisher}/${due.name}`)

  return {
    receive,
    start(bus) {
      running = inContext({}, () => whileExclusive(database, 'inbox', stopped.signal, applyArrived))
      for (const [publisher, names] of Object.entries(options.subscribes)) {
        for (const family of names) bus.subscribe({ module: database.module, publisher, family }, receive)
      }
    },
    async stop() {
      stopped.abort()
      await running
    },
  }
}

const keyOf = ({ subscription, key }: Omit<InboxPlace, 'sequence'>): string => `${subscription} ${key}`

function subjectOf(event: SealedEvent): string | undefined {
  try {
    return sealedSubject(Buffer.from(event.data, 'base64')).subject
  } catch {
    return undefined
  }
}
