import { familyOf, type SealedEvent } from '../event.ts'

/** What a subscriber receives: the whole of one family of one publisher, because order needs every number. */
export interface SubscriptionName {
  readonly publisher: string
  readonly family: string
}

/** `{publisher}/{family}`, as the subscriber's tables call it. */
export const subscriptionId = ({ publisher, family }: SubscriptionName): string => `${publisher}/${family}`

export const subscriptionOf = (event: SealedEvent): string => `${event.publisher}/${familyOf(event.name)}`

/** Some numbers of one key, both ends included. */
export interface EventRange extends SubscriptionName {
  readonly key: string
  readonly fromSequence: number
  readonly toSequence: number
}

/** Reads events from the publisher's store: a contract call, made outside any transaction. */
export type FetchEvents = (range: EventRange) => Promise<SealedEvent[]>

/** One page of everything that a publisher stored of a family, in the order of key and number. */
export interface EventPage extends SubscriptionName {
  /** Continue behind this one. */
  readonly after?: { readonly key: string; readonly sequence: number } | undefined
  /** Leaves out what happened earlier; ISO 8601. */
  readonly since?: string | undefined
  readonly limit: number
}

export type FetchPage = (page: EventPage) => Promise<SealedEvent[]>

/** An event that the bus was given, without what it holds. */
export interface RelayedEvent {
  /** Upwards within the family, in the order of commits. */
  readonly number: number
  readonly key: string
  readonly sequence: number
  /** Milliseconds since then, by the publisher's clock. */
  readonly agoMs: number
}

/** Asks the publisher's store what the bus was given: contract calls, made outside any transaction. */
export interface RelayedStore {
  list(name: SubscriptionName, after: number, limit: number): Promise<RelayedEvent[]>
  /** At most 200. */
  read(name: SubscriptionName, numbers: readonly number[]): Promise<SealedEvent[]>
}
