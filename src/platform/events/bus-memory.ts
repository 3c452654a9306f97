import { familyOf, type SealedEvent } from '../event.ts'
import type { Bus, BusSubscription } from './bus.ts'

/**
 * The bus inside one process. Memory is lost at kill -9, so `publish` resolves only after every subscriber's inbox has
 * committed; if one of them throws, `publish` throws after the others are done, and the relay sends the batch again.
 */
export function memoryBus(): Bus {
  const subscribers: { to: BusSubscription; deliver: (events: readonly SealedEvent[]) => Promise<void> }[] = []
  return {
    async publish(events) {
      const deliveries = subscribers.map(async ({ to, deliver }) => {
        const wanted = events.filter((event) => event.publisher === to.publisher && familyOf(event.name) === to.family)
        if (wanted.length > 0) await deliver(wanted)
      })
      const failed = (await Promise.allSettled(deliveries)).find((result) => result.status === 'rejected')
      if (failed) throw failed.reason
    },
    subscribe(to, deliver) {
      subscribers.push({ to, deliver })
    },
    async close() {
      subscribers.length = 0
    },
  }
}
