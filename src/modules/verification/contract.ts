import { z } from 'zod'
import { contract, operation } from '#platform/contract.ts'

/** What other modules may ask of verification. */
export const verification = contract('verification', {
  /** Size and root of the newest signed checkpoint, and the chain that the newest final anchor stands on. */
  logState: operation({
    effect: 'read',
    timeoutMs: 2_000,
    input: z.object({}),
    output: z.object({
      size: z.number().int(),
      root: z.string(),
      anchoredSize: z.number().int(),
      contractAddress: z.string().optional(),
    }),
  }),
  /**
   * Brings back entries of the published log that this database has not, with a checkpoint that holds them: when it is signed by
   * this log's key, and they lead to it, they get their old places. Throws `state-refused` where another leaf stands already.
   */
  recoverLog: operation({
    effect: 'write',
    timeoutMs: 60_000,
    input: z.object({
      note: z.string(),
      from: z.number().int().min(0),
      /** 32 bytes each, base64. */
      leaves: z.array(z.string()).max(4_096),
    }),
    output: z.object({ size: z.number().int() }),
  }),
})
