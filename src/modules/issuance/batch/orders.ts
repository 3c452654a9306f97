import { and, eq } from 'drizzle-orm'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import { ONE_OF_MANY } from '#platform/work/step.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { BatchState, IssuanceTables } from '../tables.ts'
import { finishBatch } from './finish-step.ts'
import { importBatch } from './import-step.ts'
import { steerBatch } from './steer-step.ts'

/** What somebody may want of a batch that is under way. */
export type BatchOrder = 'pause' | 'resume' | 'cancel'

type Batch = Pick<IssuanceTables['batches']['$inferSelect'], 'state' | 'pausedAt'>

/**
 * What an order comes to: a change, nothing because it is so already, or a sentence why it makes no sense. Pure.
 */
export function decideOrder(order: BatchOrder, { state, pausedAt }: Batch): 'change' | 'nothing' | { refused: string } {
  const over: Partial<Record<BatchState, string>> = {
    finished: 'The batch is finished; revoke its credentials one by one instead.',
    cancelling: 'The batch is being cancelled, and that is for ever; send the file again.',
    cancelled: 'The batch is cancelled, and that is for ever; send the file again.',
  }
  if (order === 'cancel') {
    if (state === 'cancelling' || state === 'cancelled') return 'nothing'
    const why = over[state]
    return why === undefined ? 'change' : { refused: why }
  }
  const why = over[state] ?? (state === 'failed' ? 'Nobody reads the file of this batch any more; an operator can try again, or cancel it.' : undefined)
  if (why !== undefined) return { refused: why }
  return (pausedAt !== null) === (order === 'pause') ? 'nothing' : 'change'
}

const actions = { pause: 'batch.paused', resume: 'batch.resumed', cancel: 'batch.cancelled' } as const

/**
 * Writes an order down: from its commit on nothing more of the file is accepted, and a step holds, releases or takes back what
 * was. Each order has a number, and whoever works for an earlier one ends. Throws `Problem`: not-found, state-refused.
 */
export async function orderBatch(
  { database, now }: Pick<IssuanceContext, 'database' | 'now'>,
  organizationId: OrganizationId,
  id: string,
  order: BatchOrder,
): Promise<void> {
  await database.transaction(async (tx) => {
    const { batches } = tx.tables
    const mine = and(eq(batches.id, id), eq(batches.organizationId, organizationId))
    const [batch] = await tx.select().from(batches).where(mine)
    if (!batch) throw new Problem('not-found', 'There is no batch with this id; GET /v1/batches lists them.')
    const decided = decideOrder(order, batch)
    if (decided === 'nothing') return
    if (decided !== 'change') throw new Problem('state-refused', decided.refused)
    const number = batch.orders + 1
    await tx
      .update(batches)
      .set({
        orders: number,
        pausedAt: order === 'resume' ? null : now(),
        ...(order === 'cancel' && { state: 'cancelling' as const, failure: null }),
      })
      .where(mine)
    await tx.audit({ organizationId, action: actions[order], target: id })
    await tx.addStep(steerBatch, organizationId, `${id}/${number}`, { batchId: id, order: number })
    if (order !== 'resume') return
    if (batch.state === 'importing') await tx.addStep(importBatch, organizationId, `${id}/${number}/on`, { batchId: id, order: number })
    else await tx.addStep(finishBatch, organizationId, `${id}/${number}/1`, { batchId: id, look: 1, order: number }, { priority: ONE_OF_MANY })
  })
}
