import type { Logger } from 'pino'
import { inContext } from '../context.ts'
import type { PlatformDatabase } from '../database/transaction.ts'
import type { SealedEvent } from '../event.ts'
import { failpoint } from '../failpoints.ts'
import { bell } from '../work/bell.ts'
import { describeFailure } from '../work/retry-rules.ts'
import { createSingleWork, type SingleWork } from '../work/single-work.ts'
import type { Bus } from './bus.ts'
import { pause, whileExclusive } from './exclusive.ts'
import { markRelayed, unrelayedEvents } from './outbox.ts'

export interface RelayOptions {
  readonly database: PlatformDatabase
  readonly bus: Bus
  /** Shared by all that this process does; one of its own unless told. */
  readonly singleWork?: SingleWork
  readonly log: Logger
  /** How often it looks without having seen a commit; 1 s unless told. */
  readonly sweepMs?: number
  /** For tests: every batch goes out again a little later and in reverse. */
  readonly deliverTwice?: boolean
  /** Told of what the bus has, for metrics. */
  readonly onRelayed?: (events: readonly SealedEvent[]) => void
}

export interface Relay {
  start(): void
  stop(): Promise<void>
}

/** Also the most that one commit marks. */
const batchSize = 200
/** Between two rounds, so that more shares one: each costs a commit here and one in every inbox. */
const momentMs = 60
const shortMomentMs = 2
const secondDeliveryMs = 20
const longestPauseMs = 5_000

/**
 * Carries what a module published from its outbox to the bus, at least once: an event is marked only after the bus
 * has it, and a crash in between sends it again. One per module runs at a time; that saves repetitions and is not
 * needed to be right.
 */
export function createRelay({ database, bus, singleWork = createSingleWork(), log, sweepMs = 1_000, deliverTwice = false, onRelayed }: RelayOptions): Relay {
  const stopped = new AbortController()
  const committed = bell()
  const repeats = new Set<Promise<void>>()
  let running: Promise<void> | undefined
  database.onCommit(({ events }) => {
    if (events > 0) committed.ring()
  })

  async function relay(signal: AbortSignal): Promise<void> {
    let pauseMs = 50
    while (!signal.aborted) {
      try {
        const events = await unrelayedEvents(database, batchSize)
        if (events.length > 0) {
          await bus.publish(events)
          failpoint('after-publish')
          if (deliverTwice) repeatLater(events)
          await markRelayed(database, events)
          onRelayed?.(events)
        }
        pauseMs = 50
        if (events.length < batchSize) {
          await pause(singleWork.isAround() ? shortMomentMs : momentMs, signal)
          await committed.wait(sweepMs, signal)
        }
      } catch (error) {
        log.warn({ error: describeFailure(error), pauseMs }, 'events could not be relayed; they are sent again')
        await pause(pauseMs, signal)
        pauseMs = Math.min(pauseMs * 2, longestPauseMs)
      }
    }
  }

  function repeatLater(events: readonly SealedEvent[]): void {
    const repeat = pause(secondDeliveryMs, stopped.signal)
      .then(() => bus.publish(events.toReversed()))
      .catch(() => {})
      .finally(() => repeats.delete(repeat))
    repeats.add(repeat)
  }

  return {
    start() {
      running = inContext({}, () => whileExclusive(database, 'relay', stopped.signal, relay))
    },
    async stop() {
      stopped.abort()
      await running
      await Promise.all(repeats)
    },
  }
}
