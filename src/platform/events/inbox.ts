import type { Logger } from 'pino'
import { inContext } from '../context.ts'
import { sealedSubject } from '../crypto/envelope.ts'
import { KeyErased, type KeyRing, KeyVersionUnknown } from '../crypto/key-ring-types.ts'
import type { PlatformDatabase } from '../database/transaction.ts'
import { type EventEnvelope, familyOf, type SealedEvent } from '../event.ts'
import { failpoint } from '../failpoints.ts'
import type { Subscription } from '../module.ts'
import { OrganizationId } from '../organization-id.ts'
import { span } from '../telemetry/trace.ts'
import { bell } from '../work/bell.ts'
import { bulkCommits } from '../work/bulk-commits.ts'
import { describeFailure, type RetryPolicy } from '../work/retry-rules.ts'
import { createSingleWork, type SingleWork } from '../work/single-work.ts'
import type { Bus, Listening } from './bus.ts'
import { pause, whileExclusive } from './exclusive.ts'
import { closeGaps } from './inbox-gaps.ts'
import { planInbox } from './inbox-rule.ts'
import {
  advance, type DueEvent, dropDuplicates, dueEvents, eventsAt, keyOf, markWaiting, nextDueInMs, placeOf, PositionMoved,
  recordFailure, storeEvents, wakeNext,
} from './inbox-store.ts'
import { eventPlace } from './outbox.ts'
import { fetchLostEvents } from './lost-events.ts'
import { type FetchEvents, type RelayedStore, subscriptionId, subscriptionOf } from './subscription.ts'

export type EventOutcome = 'applied' | 'passed' | 'retried' | 'parked'

export interface InboxOptions<T> {
  readonly database: PlatformDatabase<T>
  /** Publisher → families, whole. */
  readonly subscribes: Readonly<Record<string, readonly string[]>>
  readonly subscriptions: readonly Subscription<T>[]
  readonly keys: KeyRing
  readonly fetchEvents: FetchEvents
  readonly relayedStore: RelayedStore
  readonly policy: RetryPolicy
  /** Shared by all that this process does; one of its own unless told. */
  readonly singleWork?: SingleWork
  readonly log: Logger
  /** How long an event waits for a missing one before that is fetched; 30 s unless told. */
  readonly gapMs?: number
  /** How often it looks without having received anything; 1 s unless told. */
  readonly sweepMs?: number
  /** How often it compares itself with the publishers when the bus forgets, and how long an event may be on its way; 5 s unless told. */
  readonly compareMs?: number
  /** Keys that are under way side by side, the wait for their commit included; 64 unless told. */
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

/** Read at once, for each key that may be applied: some of them are under way, and one key may have many. */
const rowsForEachKey = 4
/** Keys that are under way side by side while single things are waited for: an event may be of one of them or of many. */
const keysBesideSingle = 4

/** An event of which it is known what it holds. */
interface Arrived {
  readonly due: DueEvent
  readonly event: SealedEvent
}

/**
 * A module's inbox: stores what the bus brings, and applies the events of each key in their order, each in the
 * transaction of its effects. An event that keeps failing is parked and its key waits behind it; other keys go on.
 */
export function createInbox<T>(options: InboxOptions<T>): Inbox {
  const { database, keys, policy, singleWork = createSingleWork(), log, gapMs = 30_000, sweepMs = 1_000, compareMs = 5_000, concurrency = 64 } = options
  const keysAtOnce = () => (singleWork.isAround() ? Math.min(concurrency, keysBesideSingle) : concurrency)
  const subscriptions = Object.entries(options.subscribes).flatMap(([publisher, names]) => names.map((family) => ({ publisher, family })))
  const families = new Set(subscriptions.map(subscriptionId))
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
  let listening: Listening | undefined
  const doubted = bell()
  let inDoubt = false
  /** There are more due events than were taken. */
  let crowded = false
  let woken = false
  const record = bulkCommits<T, DueEvent>(database, {
    async fence(raw, places) {
      const moved = await advance(raw, places)
      woken = await wakeNext(raw, [...moved]) || woken
      return moved
    },
    lost: () => new PositionMoved(),
  })

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
        const atOnce = keysAtOnce()
        if (active.size >= atOnce) {
          crowded = true
          await arrived.wait(sweepMs, signal)
          continue
        }
        // Taken before the query, whose positions are older than what ends meanwhile.
        const busy = new Set(active.keys())
        const due = await dueEvents(database, atOnce * rowsForEachKey)
        const fresh = Map.groupBy(due.filter((row) => !busy.has(keyOf(row))), keyOf)
        crowded = due.length === atOnce * rowsForEachKey || fresh.size > atOnce - active.size
        if (fresh.size > 0) await startKeys([...fresh].slice(0, atOnce - active.size), signal)
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

  /** What the bus forgot comes from the publishers: soon when it says so, and after a while in any case. */
  async function findLost(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const expected = listening!.connected() && !inDoubt
      inDoubt = false
      const graceMs = expected ? compareMs : 0
      for (const name of subscriptions) {
        try {
          if ((await fetchLostEvents(database, name, { relayedStore: options.relayedStore, graceMs, log })) > 0) arrived.ring()
        } catch (error) {
          inDoubt ||= !expected
          const fields = { subscription: subscriptionId(name), error: describeFailure(error) }
          if (!signal.aborted) log.debug(fields, 'what was relayed could not be compared')
        }
      }
      // A doubt is not followed at once: those of all streams come together.
      await pause(Math.min(sweepMs, compareMs), signal)
      if (listening!.connected() && !inDoubt) await doubted.wait(compareMs, signal)
    }
  }

  async function startKeys(fresh: readonly [string, DueEvent[]][], signal: AbortSignal): Promise<void> {
    const plans = fresh.map(([id, rows]) => ({ id, ...planInbox(rows[0]!.position, rows) }))
    const duplicates = plans.flatMap((plan) => plan.duplicates)
    const wait = plans.flatMap((plan) => plan.wait)
    if (duplicates.length > 0) await dropDuplicates(database, duplicates)
    if (wait.length > 0) await markWaiting(database, wait, gapMs)
    const events = await eventsAt(database, plans.flatMap((plan) => plan.apply))
    const subjects = plans.flatMap((plan) => plan.apply.filter(handlerOf))
      .map((due) => subjectOf(events.get(placeOf(due))))
    // One call for the batch; whoever's key cannot be had fails alone, below.
    await keys.load(subjects.filter((subject) => subject !== undefined)).catch(() => {})
    if (signal.aborted) return
    for (const { id, apply } of plans) {
      const chain = apply.map((due) => ({ due, event: events.get(placeOf(due)) }))
      // What is not there any more was applied by another, and what follows it waits for the next look.
      const gone = chain.findIndex(({ event }) => event === undefined)
      const here = (gone < 0 ? chain : chain.slice(0, gone)) as Arrived[]
      if (here.length === 0) continue
      const work = applyKey(here, signal)
        .catch((error: unknown) => log.error({ error: describeFailure(error) }, 'an event could not be recorded'))
        .finally(() => {
          active.delete(id)
          // Half of the keys at once, because each look costs more than what it finds.
          if (active.size === 0 || (crowded && active.size === Math.floor(keysAtOnce() / 2)) || woken) {
            woken = false
            arrived.ring()
          }
        })
      active.set(id, work)
    }
  }

  /** Applies successive events of one key, up to the first that fails. */
  async function applyKey(chain: readonly Arrived[], signal: AbortSignal): Promise<void> {
    for (const one of chain) {
      if (signal.aborted) return
      const outcome = await applyEvent(one)
      if (outcome === undefined) return
      options.onOutcome?.({ name: one.due.name, outcome })
      if (outcome === 'retried' || outcome === 'parked') return
    }
  }

  async function applyEvent({ due, event }: Arrived): Promise<EventOutcome | undefined> {
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
        await record(due, effect && (async (tx) => {
          await effect(tx)
          failpoint('after-handler')
        }))
        const outcome = opened ? 'applied' as const : 'passed' as const
        log.debug({ event: event.id, name: event.name, outcome }, 'an event was taken')
        return outcome
      }))
    } catch (error) {
      if (error instanceof PositionMoved) return undefined
      const outcome = await inContext({}, () => recordFailure(database, policy, due, error))
      const fields = { event: event.id, name: event.name, outcome, error: describeFailure(error) }
      // The line names the trace that the event belongs to.
      inContext(context, () => {
        if (outcome === 'parked') log.error(fields, 'an event is parked, and its key behind it')
        else log.warn(fields, 'an event could not be applied and is tried again')
      })
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
      const text = await openData(event, sealed)
      if (text === undefined) throw new Error('The publisher does not have this event any more.')
      const data: unknown = JSON.parse(text)
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

  /** What was on its way while the version that sealed it was retired is sealed anew at the publisher. */
  async function openData(event: SealedEvent, sealed: Uint8Array): Promise<string | undefined> {
    try {
      return keys.openText(eventPlace(event), sealed)
    } catch (error) {
      if (!(error instanceof KeyVersionUnknown)) throw error
      const { publisher, key, sequence } = event
      await keys.load([sealedSubject(sealed).subject])
      const [stored] = await options.fetchEvents({ publisher, family: familyOf(event.name), key, fromSequence: sequence, toSequence: sequence })
      if (!stored) return undefined
      const anew = Buffer.from(stored.data, 'base64')
      await keys.load([sealedSubject(anew).subject])
      return keys.openText(eventPlace(event), anew)
    }
  }

  const handlerOf = ({ subscription, name }: DueEvent) =>
    handlers.get(`${subscription.slice(0, subscription.indexOf('/'))}/${name}`)

  return {
    receive,
    start(bus) {
      if (subscriptions.length === 0) return
      listening = inContext({}, () => bus.subscribe(database.module, subscriptions, {
        deliver: receive,
        doubt() {
          inDoubt = true
          doubted.ring()
        },
      }))
      const work = async (signal: AbortSignal) =>
        void (await Promise.all([applyArrived(signal), ...(bus.forgets ? [findLost(signal)] : [])]))
      running = inContext({}, () => whileExclusive(database, 'inbox', stopped.signal, work))
    },
    async stop() {
      await listening?.stop()
      stopped.abort()
      await running
    },
  }
}

function subjectOf(event: SealedEvent | undefined): string | undefined {
  if (!event) return undefined
  try {
    return sealedSubject(Buffer.from(event.data, 'base64')).subject
  } catch {
    return undefined
  }
}
