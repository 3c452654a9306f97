import { and, eq, notInArray } from 'drizzle-orm'
import { z } from 'zod'
import type { Transaction } from '#platform/database/database.ts'
import { installation } from '#platform/organization-id.ts'
import { defineStep } from '#platform/work/step.ts'
import type { VerificationTables } from '../tables.ts'
import type { VerificationContext } from '../verification-context.ts'

type Tx = Transaction<VerificationTables>

const ID = 'anchoring'

/**
 * One move of an anchor: sign, broadcast, observe. Each move adds the next, under the next number; only the step whose
 * number stands in `anchoring` may record what it did.
 */
export const anchorStep = defineStep({
  kind: 'anchor-checkpoint',
  input: z.object({ tick: z.number().int() }),
  leaseMs: 60_000,
  concurrency: 1,
})

/** Told of each new checkpoint, in the transaction that stores it. */
export type NoticeCheckpoint = (tx: Tx, size: number) => Promise<void>

/** When it is first asked whether leaves have gathered for long enough. */
export const firstLookMs = ({ ANCHOR_INTERVAL_MS, ANCHOR_QUIET_MS }: VerificationContext['config']): number =>
  Math.min(ANCHOR_INTERVAL_MS, ANCHOR_QUIET_MS ?? ANCHOR_INTERVAL_MS)

/** Begins a round with the first checkpoint after the last round: leaves gather for the interval, then they are anchored. */
export const createNotice = ({ config, now }: Pick<VerificationContext, 'config' | 'now'>): NoticeCheckpoint => async (tx, size) => {
  const row = await readRound(tx)
  await write(tx, { latestSize: Math.max(size, row.latestSize) })
  if (config.EVM_RPC_URL !== undefined && !row.active) {
    await begin(tx, row.tick + 1, new Date(now().getTime() + firstLookMs(config)))
  }
}

/**
 * At start: makes the row, and takes up what a former run left, whatever became of its step: also checkpoints of a time when
 * there was no chain.
 */
export async function prepareRounds({ config, now }: VerificationContext, tx: Tx, anchored: number): Promise<void> {
  const { anchoring, anchors } = tx.tables
  await tx.insert(anchoring).values({ id: ID, tick: 0, latestSize: 0, active: false }).onConflictDoNothing()
  if (config.EVM_RPC_URL === undefined) return
  const { tick, latestSize } = await readRound(tx)
  const open = await tx.$count(anchors, notInArray(anchors.state, ['final', 'refused']))
  if (latestSize > anchored || open > 0) await begin(tx, tick + 1, now())
}

/** Ends a round, unless a checkpoint came meanwhile: then the next one begins. */
export async function endRound(tx: Tx, tick: number, anchoredSize: number, nextAt: Date): Promise<void> {
  const row = await readRound(tx)
  if (row.tick !== tick) return
  if (row.latestSize > anchoredSize) await begin(tx, tick + 1, nextAt)
  else await write(tx, { active: false, tick: tick + 1 })
}

/**
 * Hands the turn from one move to the next.
 * @returns false when the turn is another's already: then nothing may be recorded
 */
export async function passTurn(tx: Tx, tick: number, dueAt: Date): Promise<boolean> {
  const { anchoring } = tx.tables
  const passed = await tx
    .update(anchoring)
    .set({ tick: tick + 1 })
    .where(and(eq(anchoring.id, ID), eq(anchoring.tick, tick)))
    .returning({ tick: anchoring.tick })
  if (passed.length === 0) return false
  await tx.addStep(anchorStep, installation, String(tick + 1), { tick: tick + 1 }, { dueAt })
  return true
}

export async function readRound(queries: Pick<Tx, 'select'> & { tables: VerificationTables }) {
  const { anchoring } = queries.tables
  const [row] = await queries.select().from(anchoring).where(eq(anchoring.id, ID))
  return row ?? { id: ID, tick: 0, latestSize: 0, active: false }
}

async function begin(tx: Tx, tick: number, dueAt: Date): Promise<void> {
  await write(tx, { tick, active: true })
  await tx.addStep(anchorStep, installation, String(tick), { tick }, { dueAt })
}

async function write(tx: Tx, change: Partial<VerificationTables['anchoring']['$inferInsert']>): Promise<void> {
  const { anchoring } = tx.tables
  await tx.update(anchoring).set(change).where(eq(anchoring.id, ID))
}
