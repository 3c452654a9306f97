import { z } from 'zod'
import { headsAtOnce } from './audit/witness-rule.ts'
import { operation } from './contract.ts'
import { rotatedAtOnce } from './reseal/data-keys-rotated.ts'

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

/** One thing on record in a module about what was asked for. `at` is when it happened, of a step when it last moved. */
export const TimelineEntryJson = z.object({
  at: z.string(),
  source: z.enum(['fact', 'step', 'event', 'heard', 'audit']),
  what: z.string(),
  /** Of the request or work that caused it: the log and the traces have the same. */
  traceId: z.string().optional(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
})

/** How far a module has applied the events of a key. */
export const TimelinePositionJson = z.object({ subscription: z.string(), key: z.string(), position: z.number().int() })

/** What was done, in small letters: `credential.revoked`. */
export const AuditAction = z.string().max(100).regex(/^[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)*$/, 'Use small letters with dots between them.')

/** One entry of an organization's audit trail as it is shown. */
export const AuditEntryJson = z.object({
  /** 1, 2, 3 … within module and organization. */
  sequence: z.number().int(),
  at: z.string(),
  /** `client:{id}`, `module:{name}`, `cli`, `system`. */
  actor: z.string(),
  /** Where the request came from: an IPv4 address, or the /64 network of an IPv6 address. Null for what no request caused. */
  address: z.string().nullable(),
  action: z.string(),
  target: z.string(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  traceId: z.string().nullable(),
  /** SHA-256 over the entry and the one before it, in hexadecimal. */
  hash: z.string(),
})

/** What an organization was given in a month, and what became of it. */
export const UsedCredentials = z.object({ total: z.number().int(), byState: z.record(z.string(), z.number().int()) })

const AuditPlace = z.object({ organizationId: z.string().max(100), sequence: z.number().int().min(0) })
/** SHA-256, hexadecimal. */
const AuditHash = z.string().regex(/^[0-9a-f]{64}$/)
const Contradiction = z.enum(['cut', 'rewritten'])

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

  /** What the bus was given of a family, by the numbers that it got then, for a subscriber that compares. */
  relayedEvents: operation({
    effect: 'read',
    timeoutMs: 5_000,
    input: z.object({ family: z.string(), after: z.number().int(), limit: z.number().int().min(1).max(1_000) }),
    output: z.object({
      events: z.array(
        z.object({ number: z.number().int(), key: z.string(), sequence: z.number().int(), agoMs: z.number() }),
      ),
    }),
  }),

  /** Events by those numbers, for a subscriber whom the bus did not reach. */
  numberedEvents: operation({
    effect: 'read',
    timeoutMs: 10_000,
    input: z.object({ family: z.string(), numbers: z.array(z.number().int()).min(1).max(200) }),
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

  /** How far the module's work is behind, by the database's clock. Counts end at 10,000. */
  backlog: operation({
    effect: 'read',
    timeoutMs: 5_000,
    input: z.object({}),
    output: z.object({
      events: z.object({
        unrelayed: z.number().int(),
        unrelayedForMs: z.number(),
        unapplied: z.number().int(),
        dueForMs: z.number(),
        parked: z.number().int(),
      }),
      steps: z.array(z.object({ kind: z.string(), lagMs: z.number(), dead: z.number().int(), pausedForMs: z.number() })),
    }),
  }),

  /** Gives a parked key another chance, or passes over the event that it stopped at. */
  releaseParked: operation({
    effect: 'write',
    timeoutMs: 10_000,
    input: z.object({ subscription: z.string(), key: z.string(), skip: z.boolean().default(false) }),
    output: z.object({ released: z.boolean() }),
  }),

  /**
   * Everything on record under some ids, and under what else the module calls the same thing, without anything personal.
   * With the organization its audit entries too.
   */
  timeline: operation({
    effect: 'read',
    timeoutMs: 10_000,
    input: z.object({ ids: z.array(z.string().min(1).max(200)).min(1).max(100), organizationId: z.string().optional() }),
    output: z.object({
      ids: z.array(z.string()),
      organizationId: z.string().optional(),
      entries: z.array(TimelineEntryJson),
      positions: z.array(TimelinePositionJson),
    }),
  }),

  /** What the process that hosts this module measured of it; see `ModuleLoad`. */
  load: operation({
    effect: 'read',
    timeoutMs: 10_000,
    input: z.object({}),
    output: z.object({
      module: z.string(),
      seconds: z.number(),
      windows: z.number().int(),
      callsPerSecond: z.number(),
      eventsPerSecond: z.number(),
      cpuShare: z.number(),
      loopDelayP99Ms: z.number(),
      strainedWindows: z.number().int(),
      strainedShare: z.number(),
      hosted: z.array(z.string()),
      attributed: z.boolean(),
      callCostMs: z.number(),
    }),
  }),

  /** What this module counted of an organization in a month, such as 2026-11, in UTC; nothing where it counts nothing. */
  usage: operation({
    effect: 'read',
    timeoutMs: 5_000,
    input: z.object({ organizationId: z.string(), month: z.string().regex(/^\d{4}-\d\d$/) }),
    output: z.object({ credentials: UsedCredentials.optional() }),
  }),

  /** Of one organization, newest first; see `AuditFilter`. */
  auditEntries: operation({
    effect: 'read',
    timeoutMs: 5_000,
    input: z.object({
      organizationId: z.string(),
      before: z.number().int().optional(),
      action: AuditAction.optional(),
      actor: z.string().optional(),
      target: z.string().optional(),
      from: z.string().optional(),
      to: z.string().optional(),
      limit: z.number().int().min(1).max(500),
    }),
    output: z.object({ entries: z.array(AuditEntryJson) }),
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

  /** Where the chains of this module end, in the order of the organizations' ids. `after` is the last id of the page before. */
  auditHeads: operation({
    effect: 'read',
    timeoutMs: 5_000,
    input: z.object({ after: z.string().optional(), limit: z.number().int().min(1).max(500) }),
    output: z.object({
      heads: z.array(AuditPlace.extend({ hash: AuditHash })),
      /** The newest restoration of the module's database, by the hash of its audit entry; null: none. */
      restoration: z.string().nullable(),
    }),
  }),

  /** What the chains of this module have at these places; null for nothing. */
  auditHashes: operation({
    effect: 'read',
    timeoutMs: 5_000,
    input: z.object({ at: z.array(AuditPlace).max(500) }),
    output: z.object({ hashes: z.array(AuditHash.nullable()) }),
  }),

  /** Where the chains of another module ended when it last told this one, which is their witness: docs/decisions/0221. */
  witnessedHeads: operation({
    effect: 'read',
    timeoutMs: 5_000,
    input: z.object({ module: z.string(), after: z.string().optional(), limit: z.number().int().min(1).max(500) }),
    output: z.object({
      heads: z.array(AuditPlace.extend({ hash: AuditHash, restoration: z.string().nullable(), contradiction: Contradiction.nullable() })),
    }),
  }),

  /** The calling module tells where its chains end. Safe twice, late and in any order: only what goes on from what is held is taken. */
  keepAuditHeads: operation({
    effect: 'write',
    timeoutMs: 10_000,
    input: z.object({
      module: z.string().max(100),
      restoration: AuditHash.nullable(),
      heads: z.array(AuditPlace.extend({ hash: AuditHash, since: z.object({ sequence: z.number().int(), hash: AuditHash.nullable() }).nullable() })).max(headsAtOnce),
    }),
    output: z.object({ held: z.array(AuditPlace.extend({ restoration: z.string().nullable(), contradiction: Contradiction.nullable() })) }),
  }),

  /** Chains of other modules that contradicted what this one has witnessed of them when they last told. */
  contradictedChains: operation({
    effect: 'read',
    timeoutMs: 5_000,
    input: z.object({}),
    output: z.object({ chains: z.array(AuditPlace.extend({ module: z.string(), contradiction: Contradiction })) }),
  }),

  /** Writes down that this module's database was put back to an earlier state by other means than `vellum restore`. */
  noteRestoration: operation({
    effect: 'write',
    timeoutMs: 5_000,
    input: z.object({ reason: z.string().min(1).max(200) }),
    output: z.object({}),
  }),

  /** How many values and files of this module are sealed with versions of data keys before these. */
  countSealed: operation({
    effect: 'read',
    timeoutMs: 600_000,
    input: z.object({ subjects: z.array(z.object({ subject: z.string(), version: z.number().int().min(2) })).max(rotatedAtOnce) }),
    output: z.object({ left: z.number().int() }),
  }),

  /** Opens and verifies a page of what this module stores. `after` is the `next` of the page before. */
  checkStored: operation({
    effect: 'read',
    timeoutMs: 600_000,
    input: z.object({ after: z.string().optional() }),
    output: z.object({
      checked: z.record(z.string(), z.number().int()),
      faults: z.array(z.string()),
      next: z.string().optional(),
    }),
  }),
} as const

export const platformContract = <const M extends string>(module: M) =>
  ({ module, operations: platformOperations }) as const
