import { z } from 'zod'
import { organizationList } from '#platform/organization-list.ts'

const milliseconds = (least: number) => z.coerce.number().int().min(least)

/** Settings of verification, from the environment. Without `EVM_RPC_URL` there is the log alone. */
export const verificationConfig = z
  .object({
    /** Where the newest checkpoint is kept beside the database. */
    DATA_DIR: z.string().default('./data'),
    /** JSON-RPC address of a node of the chain on which checkpoints are anchored. */
    EVM_RPC_URL: z.url({ protocol: /^https?$/ }).optional(),
    /** The key that pays and signs; its address names the log on the chain. */
    ANCHOR_PRIVATE_KEY: z
      .string()
      .regex(/^0x[0-9a-fA-F]{64}$/, 'must be 0x and 64 hexadecimal digits')
      .optional(),
    /** An anchor contract that exists already; absent: one is deployed at the first anchor. */
    ANCHOR_CONTRACT: z
      .string()
      .regex(/^0x[0-9a-fA-F]{40}$/, 'must be 0x and 40 hexadecimal digits')
      .optional(),
    /** Blocks until an anchor is final, its own included; absent: 6, and 1 on a development chain, which mines on demand. */
    ANCHOR_CONFIRMATIONS: z.coerce.number().int().min(1).optional(),
    /** How long leaves gather before their checkpoint is anchored. */
    ANCHOR_INTERVAL_MS: milliseconds(0).default(600_000),
    /** Sooner, once no checkpoint has come for so long: a batch is anchored when it is done. Absent: the interval alone. */
    ANCHOR_QUIET_MS: milliseconds(0).optional(),
    /** How often the chain is asked about an anchor that is on its way. */
    ANCHOR_POLL_MS: milliseconds(20).default(3_000),
    /** How long a transaction may wait unmined before a dearer one replaces it. */
    ANCHOR_REPLACE_AFTER_MS: milliseconds(1_000).default(180_000),
    /** The most that is paid for a unit of gas: above it anchors wait until the chain is cheaper. */
    ANCHOR_MAX_FEE_GWEI: z.coerce.number().positive().max(1_000_000).default(500),
    /** At most one checkpoint is signed in this time. */
    CHECKPOINT_INTERVAL_MS: milliseconds(0).default(500),
    /** For whom VC-API is open, to whoever reaches it: docs/decisions/0150. */
    VC_API: organizationList.optional(),
  })
  .refine((s) => s.EVM_RPC_URL === undefined || s.ANCHOR_PRIVATE_KEY !== undefined, {
    path: ['ANCHOR_PRIVATE_KEY'],
    error: 'is needed with EVM_RPC_URL: set it to the key of a funded account, or remove EVM_RPC_URL',
  })

export type VerificationConfig = z.output<typeof verificationConfig>
