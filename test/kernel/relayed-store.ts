import { readNumbered, relayedEvents } from '#platform/events/outbox.ts'
import type { RelayedStore } from '#platform/events/subscription.ts'
import type { PlatformDatabase } from '#platform/database/transaction.ts'

/** A publisher's store that is asked directly. */
export const relayedStoreOf = (database: PlatformDatabase): RelayedStore => ({
  list: ({ family }, after, limit) => relayedEvents(database, { family, after, limit }),
  read: ({ family }, numbers) => readNumbered(database, family, numbers),
})
