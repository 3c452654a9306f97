import type { SealedEvent } from '../event.ts'
import type { SubscriptionName } from './subscription.ts'

/** What a module is told of that it subscribed to. */
export interface Subscriber {
  /** Resolves when the inbox has committed them, which acknowledges them for that module alone; when it throws they come again. */
  deliver(events: readonly SealedEvent[]): Promise<void>
  /** The bus may have lost some on the way: whoever wants them looks into the publishers' stores. */
  doubt(): void
}

export interface Listening {
  /** False while the bus is away, and everything is in doubt. */
  connected(): boolean
  stop(): Promise<void>
}

/** Carries sealed events from publishers to the inboxes of subscribers: at least once, in any order. */
export interface Bus {
  /** Whether it may lose what it took: then a subscriber compares what it has with what was relayed. */
  readonly forgets: boolean
  /**
   * Resolves when it has the events as surely as it ever will: for good, or, when it `forgets`, after an attempt. The
   * relay numbers them then, by which a subscriber finds them without the bus.
   */
  publish(events: readonly SealedEvent[]): Promise<void>
  /** One subscriber per module and process; the processes of a module share what comes. */
  subscribe(module: string, families: readonly SubscriptionName[], subscriber: Subscriber): Listening
  close(): Promise<void>
}
