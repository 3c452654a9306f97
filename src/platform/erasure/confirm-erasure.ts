import { z } from 'zod'
import type { AuthorityClient } from '../authority-operations.ts'
import type { Transaction } from '../database/database.ts'
import type { PlatformDatabase } from '../database/transaction.ts'
import { runStep, type StepBinding } from '../module.ts'
import type { OrganizationId } from '../organization-id.ts'
import { defineStep, Unavailable } from '../work/step.ts'

/** How many of what a module removed of a person, by what it is: `files`, `searchWords`. */
export type Removed = Readonly<Record<string, number>>

/** Tells the authority that this module has nothing of a person any more: the receipt of the erasure waits for it. */
const confirmErasureStep = defineStep({
  kind: 'confirm-erasure',
  input: z.object({ recipientId: z.string(), removed: z.record(z.string(), z.number().int()) }),
  leaseMs: 60_000,
  concurrency: 1,
})

/**
 * In the transaction that removes what a module had of a person, whether or not there was anything.
 * @param cause the event, or whatever else it is that makes it once
 */
export const confirmErasure = (
  tx: Pick<Transaction, 'addStep'>,
  { cause, organizationId, recipientId, removed }: { cause: string; organizationId: OrganizationId; recipientId: string; removed: Removed },
): Promise<void> => tx.addStep(confirmErasureStep, organizationId, `${recipientId}:${cause}`, { recipientId, removed })

/** The step of the platform in every module. */
export const confirmErasureBinding = (
  { database, authority }: { database: PlatformDatabase; authority: AuthorityClient },
): StepBinding<unknown> =>
  runStep(confirmErasureStep, async ({ organizationId, input }) => {
    if (!(await database.dropOverwritten())) throw new Unavailable('The write-ahead log is being read, and cannot be emptied yet.', { retryAfterMs: 1_000 })
    await authority.confirmErasure({ organizationId, ...input })
  })
