import { z } from 'zod'
import { type Client, operation } from './contract.ts'

/**
 * What the platform itself asks of the one module that keeps data keys and signs access tokens. That module's contract
 * contains these operations; which module it is, the registry says.
 */
export const authorityOperations = {
  /** All versions of the data keys of the subjects; unknown subjects are left out. */
  dataKeys: operation({
    effect: 'read',
    timeoutMs: 5_000,
    input: z.object({ subjects: z.array(z.string()).min(1).max(500) }),
    output: z.object({
      keys: z.array(
        z.object({
          subject: z.string(),
          version: z.number().int(),
          /** 32 bytes, base64; null when the subject was erased. */
          key: z.string().nullable(),
          erased: z.boolean(),
        }),
      ),
    }),
  }),
  /** The public keys (JWKS, RFC 7517) that access tokens are checked with. */
  verificationKeys: operation({
    effect: 'read',
    timeoutMs: 2_000,
    input: z.object({}),
    output: z.object({ keys: z.array(z.record(z.string(), z.unknown())) }),
  }),
  /** What makes an access token void before it expires. */
  revocations: operation({
    effect: 'read',
    timeoutMs: 2_000,
    input: z.object({}),
    output: z.object({
      /** `jti` of access tokens. */
      tokens: z.array(z.string()),
      /** Ids of API clients and of API keys. */
      clients: z.array(z.string()),
      /** `kid` of keys whose tokens are void. */
      keys: z.array(z.string()).default([]),
    }),
  }),
  /** What an API key permits, by the hash of the key; nothing for one that is unknown, revoked or expired. */
  apiKey: operation({
    effect: 'read',
    timeoutMs: 2_000,
    input: z.object({ hash: z.string().length(43) }),
    output: z.object({
      key: z
        .object({
          id: z.string(),
          organizationId: z.string(),
          scopes: z.array(z.string()),
          /** ISO 8601. */
          expiresAt: z.string(),
        })
        .optional(),
    }),
  }),
  /** The calling module has nothing of an erased person any more: the receipt waits for all. Said twice, the first word counts. */
  confirmErasure: operation({
    effect: 'write',
    timeoutMs: 5_000,
    input: z.object({ organizationId: z.string(), recipientId: z.string(), removed: z.record(z.string().max(50), z.number().int().min(0)) }),
    output: z.object({}),
  }),
  /**
   * What a module still has under versions of data keys that a rotation put an end to: docs/decisions/0210. Said again, the newest
   * word counts.
   */
  reportResealed: operation({
    effect: 'write',
    timeoutMs: 5_000,
    input: z.object({
      rotation: z.string().max(100),
      left: z.number().int().min(0),
      /** Counted after no process can have an older version in memory: with nothing left, the module is done. */
      final: z.boolean(),
    }),
    output: z.object({}),
  }),
  /** What an organization may use, where that was set for it. */
  organizationLimits: operation({
    effect: 'read',
    timeoutMs: 2_000,
    input: z.object({ organizationId: z.string() }),
    output: z.object({
      /** Of all its programs together. */
      requestsPerMinute: z.number().int().optional(),
      /** In a month of the calendar, in UTC. */
      credentialsPerMonth: z.number().int().optional(),
    }),
  }),
} as const

export const authorityContract = <const M extends string>(module: M) => ({ module, operations: authorityOperations }) as const
export type AuthorityClient = Client<ReturnType<typeof authorityContract<string>>>
