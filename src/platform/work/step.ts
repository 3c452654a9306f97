import type { z } from 'zod'
import type { Transaction } from '../database/database.ts'
import type { OrganizationId } from '../organization-id.ts'

/** A kind of durable work. A row with this kind and a business key is committed together with what caused it. */
export interface StepDefinition<I extends z.ZodType = z.ZodType> {
  /** Unique in the module: `render-pdf`. */
  readonly kind: string
  /** What the row carries: ids, never names. Plain JSON. */
  readonly input: I
  /** How long a claim holds without renewal, in milliseconds. */
  readonly leaseMs: number
  /**
   * How many of this kind run at once in one process; those that only wait for their commit do not count. With 1, each
   * begins after the commit of the one before.
   */
  readonly concurrency: number
}

/** Priority of a step that is one of many, or that nobody waits for; that of a single one is 0. Lower goes first. */
export const ONE_OF_MANY = 10

export const defineStep = <I extends z.ZodType>(definition: StepDefinition<I>): StepDefinition<I> => definition

export interface ClaimedStep<I = unknown> {
  readonly id: string
  readonly kind: string
  readonly key: string
  readonly organizationId: OrganizationId
  readonly input: I
  /** Errors counted so far. */
  readonly attempts: number
  /** Claims so far, this one included; a crash counts here only. */
  readonly starts: number
  /** Aborted when the lease is lost or the process stops. */
  readonly signal: AbortSignal
  renewLease(): Promise<void>
}

/**
 * Does the effect, then returns what is to be written with the completion: that callback and `state = done` commit in one
 * transaction, fenced by the lease's token; without the lease nothing is written. Others share that transaction, and after
 * a failure it runs again alone, so the callback changes nothing but the database (decision 0105). The effect may have happened before
 * (kill -9 after it, before its record), so it is idempotent by the step's key.
 * Throws `Unavailable` when the other side is away (the kind pauses, nothing is counted), `Refused` when no retry can help
 * (dead at once), anything else counts as an error about this item.
 */
export type StepRunner<I = unknown, T = any> = (
  step: ClaimedStep<I>,
) => Promise<void | ((tx: Transaction<T>) => Promise<void>)>

/**
 * What else is recorded when a step is given up, in the transaction that makes it dead: a message that failed, a batch that
 * is not finished by waiting. Keys that the callback seals with are loaded first; if that throws, the step is tried again.
 * Called after every failure, because only that transaction decides; a command may drive the step again afterwards.
 */
export type StepGivenUp<I = unknown, T = any> = (
  step: ClaimedStep<I>,
  reason: string,
) => Promise<void | ((tx: Transaction<T>) => Promise<void>)>

/** The other side is away: refused connection, time-out, 421, 429, 503, chain down. */
export class Unavailable extends Error {
  readonly retryAfterMs: number | undefined
  constructor(message: string, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'Unavailable'
    this.retryAfterMs = options.retryAfterMs
  }
}

/** No retry can help: the step is dead at once, visible, and re-driven only by a command. */
export class Refused extends Error {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'Refused'
  }
}
