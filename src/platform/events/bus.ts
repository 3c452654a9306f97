import type { SealedEvent } from '../event.ts'
import type { SubscriptionName } from './subscription.ts'

export interface BusSubscription extends SubscriptionName {
  /** The subscribing module: one consumer group, however many processes run it. */
  readonly module: string
}

/**
 * Carries sealed events from publishers to the inboxes of subscribers: at least once, in any order.
 *
 * `publish` resolves when the events cannot be lost any more; the relay forgets them then. `deliver` resolves when
 * the subscriber's inbox has committed them, which acknowledges them for that subscriber alone; when it throws they
 * come again.
 */
export interface Bus {
  publish(events: readonly SealedEvent[]): Promise<void>
  subscribe(subscription: BusSubscription, deliver: (events: readonly SealedEvent[]) => Promise<void>): void
  close(): Promise<void>
}
