import { and, asc, eq, gt, placeholder } from 'drizzle-orm'
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Transaction } from '#platform/database/database.ts'
import { preparedQuery } from '#platform/database/prepared.ts'
import { defineStep, type StepRunner } from '#platform/work/step.ts'
import { issueCredential } from '../credential/issue-step.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { IssuanceTables } from '../tables.ts'
import { uploadFolder } from './open-uploads.ts'

/** Holds, releases or takes back what a batch has accepted and nobody has issued, as its latest order says. */
export const steerBatch = defineStep({
  kind: 'steer-batch',
  input: z.object({ batchId: z.string(), order: z.number().int() }),
  leaseMs: 60_000,
  concurrency: 2,
})

export type SteerInput = z.output<typeof steerBatch.input>

const AT_ONCE = 200

const takeBack = preparedQuery<IssuanceTables, { id: string; businessKey: string; changedAt: Date }>()((queries, { credentials }) =>
  queries
    .update(credentials)
    .set({ state: 'cancelled', businessKey: placeholder('businessKey') as never, document: null, changedAt: placeholder('changedAt') as never })
    .where(and(eq(credentials.id, placeholder('id')), eq(credentials.state, 'accepted'))))

export function createSteerRunner({ database, blobs, now }: IssuanceContext): StepRunner<SteerInput, IssuanceTables> {
  /** Locks the batch, so that two orders never work at once; undefined when this order is not the latest. */
  async function hold(tx: Transaction<IssuanceTables>, { batchId, order }: SteerInput) {
    const { batches } = tx.tables
    const [batch] = await tx
      .update(batches)
      .set({ orders: order })
      .where(and(eq(batches.id, batchId), eq(batches.orders, order)))
      .returning({ state: batches.state, pausedAt: batches.pausedAt })
    return batch
  }

  /** One commit. Answers the last credential that it looked at; undefined: there are no more, or it is another's turn. */
  const steer = (input: SteerInput, after: string): Promise<string | undefined> =>
    database.transaction(async (tx) => {
      const batch = await hold(tx, input)
      if (!batch) return undefined
      const { credentials } = tx.tables
      // In the order in which they would be begun.
      const found = await tx
        .select({ id: credentials.id })
        .from(credentials)
        .where(and(eq(credentials.batchId, input.batchId), eq(credentials.state, 'accepted'), gt(credentials.id, after)))
        .orderBy(asc(credentials.id))
        .limit(AT_ONCE)
      const ids = found.map(({ id }) => id)
      const what = batch.state === 'cancelling' ? 'drop' : batch.pausedAt === null ? 'release' : 'hold'
      await tx.steerSteps(issueCredential, ids, what)
      if (what === 'drop') for (const id of ids) await tx.run(takeBack, { id, businessKey: `cancelled:${randomUUID()}`, changedAt: now() })
      return ids.at(-1)
    })

  return async ({ input, signal }) => {
    for (let after: string | undefined = ''; after !== undefined; ) {
      signal.throwIfAborted()
      after = await steer(input, after)
    }
    const { batches } = database.tables
    const [batch] = await database.read.select().from(batches).where(eq(batches.id, input.batchId))
    if (batch?.state !== 'cancelling') return undefined
    await blobs.delete(uploadFolder(input.batchId))
    return async (tx) =>
      void (await tx
        .update(batches)
        .set({ state: 'cancelled', pausedAt: null, finishedAt: now() })
        .where(and(eq(batches.id, input.batchId), eq(batches.orders, input.order), eq(batches.state, 'cancelling'))))
  }
}
