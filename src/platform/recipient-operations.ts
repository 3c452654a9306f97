import { z } from 'zod'
import { operation } from './contract.ts'

/**
 * What the front door asks of the one module that knows recipients by the cookie of a mailed link. That module's contract contains
 * these operations; which module it is, the registry says.
 */
export const recipientOperations = {
  /** Who shows this cookie. Throws `unauthenticated` once its time is over, `gone` once the recipient is erased. */
  recipientSession: operation({
    effect: 'read',
    timeoutMs: 5_000,
    input: z.object({ token: z.string().min(1).max(100) }),
    output: z.object({ organizationId: z.string(), recipientId: z.string() }),
  }),
} as const
