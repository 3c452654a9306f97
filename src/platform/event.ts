import type { z } from 'zod'
import type { OrganizationId } from './organization-id.ts'

/**
 * A fact that a module publishes, in the past tense. The part of the name before the first dot is its family;
 * the events of one family and one key are numbered 1, 2, 3 … in the publisher's transaction and applied in that order.
 */
export interface EventDefinition<N extends string = string, D extends z.ZodType = z.ZodType> {
  readonly name: N
  readonly version: number
  readonly data: D
  /** Same family and key: in order. Different keys: any order. */
  readonly key: (data: any) => string
  /**
   * Whose data key seals the data wherever it is at rest or outside the process: a recipient's id, when the data names
   * a person. Absent: the organization's. When that key is erased the event is still delivered, but no longer to handlers.
   */
  readonly subject?: (data: any) => string
}

export const defineEvent = <const N extends string, D extends z.ZodType>(definition: {
  name: N
  version: number
  data: D
  key: (data: z.output<D>) => string
  subject?: (data: z.output<D>) => string
}): EventDefinition<N, D> => definition

/** `credential` of `credential.issued`. */
export const familyOf = (name: string): string => name.slice(0, name.indexOf('.'))

/** What a handler sees of an event, beside the data. At least once on the wire, once in effect. */
export interface EventEnvelope<E extends EventDefinition = EventDefinition> {
  readonly id: string
  readonly name: E['name']
  readonly version: number
  readonly publisher: string
  readonly organizationId: OrganizationId
  readonly key: string
  readonly sequence: number
  readonly occurredAt: Date
  readonly traceparent: string | undefined
  readonly data: z.output<E['data']>
}

/** An event as it is stored in an outbox and travels on a bus: all JSON, the data sealed. */
export interface SealedEvent {
  readonly id: string
  readonly name: string
  readonly version: number
  readonly publisher: string
  readonly organizationId: string
  readonly key: string
  readonly sequence: number
  /** ISO 8601, UTC, milliseconds. */
  readonly occurredAt: string
  readonly traceparent: string | null
  /** Base64 of the envelope of crypto/envelope.ts over the JSON data. */
  readonly data: string
}
