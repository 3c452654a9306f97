import { and, count, eq, isNull } from 'drizzle-orm'
import { z } from 'zod'
import type { OrganizationId } from '#platform/organization-id.ts'
import { defineStep, ONE_OF_MANY, type StepRunner } from '#platform/work/step.ts'
import { batchFinished } from '../events.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { IssuanceTables } from '../tables.ts'
import { uploadFolder } from './open-uploads.ts'

/** Looks whether all credentials of a batch are final; if not, another look is due later. */
export const finishBatch = defineStep({
  kind: 'finish-batch',
  input: z.object({ batchId: z.string(), look: z.number().int(), order: z.number().int().default(0) }),
  leaseMs: 30_000,
  concurrency: 4,
})

export type FinishInput = z.output<typeof finishBatch.input>

const FIRST_LOOK_MS = 250
const LONGEST_MS = 30_000

/** Credentials of the batch that are neither issued nor revoked yet, and still on their way. */
export async function pendingOf({ database }: Pick<IssuanceContext, 'database'>, batchId: string): Promise<number> {
  const { credentials } = database.tables
  const [row] = await database.read
    .select({ pending: count() })
    .from(credentials)
    .where(and(eq(credentials.batchId, batchId), eq(credentials.state, 'accepted'), isNull(credentials.abandonedAt)))
  return Number(row?.pending ?? 0)
}

export function createFinishRunner(context: IssuanceContext): StepRunner<FinishInput, IssuanceTables> {
  const { database, keys, blobs, now } = context
  return async ({ input: { batchId, look, order } }) => {
    const { batches } = database.tables
    const [batch] = await database.read.select().from(batches).where(eq(batches.id, batchId))
    // Who resumes a paused batch adds the next look.
    if (!batch || batch.state !== 'issuing' || batch.orders !== order || batch.pausedAt !== null) return undefined
    const organizationId = batch.organizationId as OrganizationId
    // The file names people and is not needed once it is read; what it led to is kept record by record.
    await blobs.delete(uploadFolder(batchId))
    if ((await pendingOf(context, batchId)) > 0) {
      const keyed = order === 0 ? batchId : `${batchId}/${order}`
      const dueAt = new Date(now().getTime() + Math.min(LONGEST_MS, FIRST_LOOK_MS * 1.5 ** look))
      return (tx) =>
        tx.addStep(finishBatch, organizationId, `${keyed}/${look + 1}`, { batchId, look: look + 1, order }, { dueAt, priority: ONE_OF_MANY })
    }
    await keys.load([organizationId])
    const { rows, created, existing, refused } = batch
    return async (tx) => {
      const moved = await tx
        .update(tx.tables.batches)
        .set({ state: 'finished', finishedAt: now() })
        .where(and(eq(tx.tables.batches.id, batchId), eq(tx.tables.batches.orders, order), eq(tx.tables.batches.state, 'issuing')))
        .returning({ id: tx.tables.batches.id })
      if (moved.length > 0) await tx.publish(batchFinished, organizationId, { batchId, rows, created, existing, refused })
    }
  }
}
