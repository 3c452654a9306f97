import type { SealedEvent } from '../event.ts'
import type { Bus, Subscriber } from './bus.ts'
import { subscriptionId, subscriptionOf } from './subscription.ts'

/**
 * The bus inside one process. Memory is lost at kill -9, so `publish` resolves only after every subscriber's inbox has
 * committed; if one of them throws, `publish` throws after the others are done, and the relay sends the batch again.
 */
export function memoryBus(): Bus {
  const subscribers: { readonly families: ReadonlySet<string>; readonly deliver: Subscriber['deliver'] }[] = []
  return {
    forgets: false,
    async publish(events: readonly SealedEvent[]) {
      const deliveries = subscribers.map(async ({ families, deliver }) => {
        const wanted = events.filter((event) => families.has(subscriptionOf(event)))
        if (wanted.length > 0) await deliver(wanted)
      })
      const failed = (await Promise.allSettled(deliveries)).find((result) => result.status === 'rejected')
      if (failed) throw failed.reason
    },
    subscribe(_, families, { deliver }) {
      subscribers.push({ families: new Set(families.map(subscriptionId)), deliver })
      // It stays until the end: without it a publisher that stops later would take its events for delivered.
      return { connected: () => true, stop: async () => {} }
    },
    async close() {
      subscribers.length = 0
    },
  }
}
