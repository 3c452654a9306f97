import { availableParallelism } from 'node:os'
import { z } from 'zod'

/** Settings of issuance, from the environment. */
export const issuanceConfig = z.object({
  /** Worker threads that print. */
  RENDER_WORKERS: z.coerce
    .number()
    .int()
    .min(1)
    .max(64)
    .default(Math.max(1, Math.min(4, availableParallelism() - 1))),
})
export type IssuanceConfig = z.output<typeof issuanceConfig>
