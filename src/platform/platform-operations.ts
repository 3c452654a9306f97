import { z } from 'zod'
import { operation } from './contract.ts'

/**
 * What every module answers beside its own contract, because the platform's tables are in its database: its stored events,
 * its steps, its audit. Called by subscribers with a gap, and by the command line.
 */

export const SealedEventJson = z.object({
  id: z.string(),
  name: z.string(),
  version: z.number().int(),
  publisher: z.string(),
  organizationId: z.string(),
  key: z.string(),
  sequence: z.number().int(),
  occurredAt: z.string(),
  traceparent: z.string().nullable(),
  data: z.string(),
})

export const StepState = z.enum(['ready', 'leased', 'done', 'dead'])

export const StepJson = z.object({
  id: z.string(),
  kind: z.string(),
  key: z.string(),
  organizationId: z.string(),
  state: StepState,
  attempts: z.number().int(),
  starts: z.number().int(),
  dueAt: z.string(),
  lastError: z.string().nullable(),
})

export const platformOperations = {
  /** Some numbers of one key, for a subscriber that misses them. */
  storedEvents: operation({
    effect: 'read',
    timeoutMs: 5_000,
    input: z.object({
      family: z.string(),
      key: z.string(),
      fromSequence: z.number().int(),
      toSequence: z.number().int(),
    }),
    output: z.object({ events: z.array(SealedEventJson) }),
  }),

  /** A page of a family's whole store, in the order of key and number, for a replay. */
  storedEventPage: operation({
    effect: 'read',
    timeoutMs: 10_000,
    input: z.object({
      family: z.string(),
      after: z.object({ key: z.string(), sequence: z.number().int() }).optional(),
      since: z.string().optional(),
      limit: z.number().int().min(1).max(1_000),
    }),
    output: z.object({ events: z.array(SealedEventJson) }),
  }),

  /** Delivers a publisher's family again to this module alone. */
  replayEvents: operation({
    effect: 'write',
    timeoutMs: 600_000,
    input: z.object({ publisher: z.string(), family: z.string(), since: z.iso.datetime().optional() }),
    output: z.object({ events: z.number().int() }),
  }),

  /** In the order in which they were added. `after` is the last id of the page before. */
  steps: operation({
    effect: 'read',
    timeoutMs: 5_000,
    input: z.object({
      state: StepState.optional(),
      kind: z.string().optional(),
      after: z.string().optional(),
      limit: z.number().int().min(1).max(1_000).default(100),
    }),
    output: z.object({ steps: z.array(StepJson), next: z.string().optional() }),
  }),

  /** Drives dead steps again: one by its id, all of a kind, or all. */
  retrySteps: operation({
    effect: 'write',
    timeoutMs: 60_000,
    input: z.object({ id: z.string().optional(), kind: z.string().optional() }),
    output: z.object({ retried: z.number().int() }),
  }),

  /** Keys that stopped behind an event that kept failing. */
  parkedKeys: operation({
    effect: 'read',
    timeoutMs: 5_000,
    input: z.object({ limit: z.number().int().min(1).max(1_000).default(100) }),
    output: z.object({
      parked: z.array(
        z.object({
          subscription: z.string(),
          key: z.string(),
          event: z.string(),
          sequence: z.number().int(),
          waiting: z.number().int(),
          lastError: z.string().nullable(),
        }),
      ),
    }),
  }),

  /** Gives a parked key another chance, or passes over the event that it stopped at. */
  releaseParked: operation({
    effect: 'write',
    timeoutMs: 10_000,
    input: z.object({ subscription: z.string(), key: z.string(), skip: z.boolean().default(false) }),
    output: z.object({ released: z.boolean() }),
  }),

  /** Walks the audit chains of this module. */
  verifyAudit: operation({
    effect: 'read',
    timeoutMs: 600_000,
    input: z.object({}),
    output: z.object({
      module: z.string(),
      entries: z.number().int(),
      organizations: z.number().int(),
      broken: z.array(z.object({ organizationId: z.string(), sequence: z.number().int(), reason: z.string() })),
    }),
  }),
} as const

export const platformContract = <const M extends string>(module: M) =>
  ({ module, operations: platformOperations }) as const
