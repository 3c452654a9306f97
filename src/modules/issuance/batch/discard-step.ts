import { eq } from 'drizzle-orm'
import { z } from 'zod'
import { defineStep, type StepRunner } from '#platform/work/step.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { IssuanceTables } from '../tables.ts'

/**
 * Added before the first piece of a file is stored, due long after the upload is over: what a killed process or a client
 * that went away left behind names people, and goes.
 */
export const discardUpload = defineStep({
  kind: 'discard-upload',
  input: z.object({ batchId: z.string() }),
  leaseMs: 30_000,
  concurrency: 2,
})

/** Longer than any upload lasts. */
export const DISCARD_AFTER_MS = 24 * 3_600_000

/** The folder of a file's pieces. */
export const uploadFolder = (batchId: string): string => `batches/${batchId}/`

export function createDiscardRunner({ database, blobs }: IssuanceContext): StepRunner<z.output<typeof discardUpload.input>, IssuanceTables> {
  return async ({ input: { batchId } }) => {
    const { batches } = database.tables
    const accepted = await database.read.$count(batches, eq(batches.id, batchId))
    if (accepted === 0) await blobs.delete(uploadFolder(batchId))
  }
}
