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
})
