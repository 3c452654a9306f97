import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { organizationList } from '#platform/organization-list.ts'

/** Settings of issuance, from the environment. */
export const issuanceConfig = z.object({
  /** Worker threads that print. */
  RENDER_WORKERS: z.coerce
    .number()
    .int()
    .min(1)
    .max(64)
    .default(Math.max(1, Math.min(4, availableParallelism() - 1))),
  /** In whose names anyone who reaches the installation has anything signed: docs/decisions/0150. */
  VC_API: organizationList.optional(),
})
export type IssuanceConfig = z.output<typeof issuanceConfig>
