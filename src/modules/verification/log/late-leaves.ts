import { and, asc, desc, gte, lt, lte } from 'drizzle-orm'
import type { LateRows } from '#platform/module.ts'
import type { VerificationContext } from '../verification-context.ts'
import { newestCheckpoint } from './log-store.ts'

const AT_ONCE = 1_000
/** Checkpoints bear this process's time, and the moment of a copy the database's. */
const CLOCKS_DIFFER_MS = 60_000

/**
 * What the world has seen of the log since a moment: the newest checkpoint, and the entries before it, in their order. A copy of
 * the database from that moment goes on behind them: docs/decisions/0182.
 */
export async function* lateLeaves({ database }: Pick<VerificationContext, 'database'>, since: Date): LateRows {
  const { read, tables: { checkpoints, leaves } } = database
  const newest = await newestCheckpoint(database)
  if (!newest) return {}
  const [before] = await read
    .select({ size: checkpoints.size })
    .from(checkpoints)
    .where(lte(checkpoints.createdAt, new Date(since.getTime() - CLOCKS_DIFFER_MS)))
    .orderBy(desc(checkpoints.size))
    .limit(1)
  const from = before?.size ?? 0
  for (let start = from; start < newest.size; start += AT_ONCE) {
    const rows = await read
      .select({ leafIndex: leaves.leafIndex, leaf: leaves.leaf })
      .from(leaves)
      .where(and(gte(leaves.leafIndex, start), lt(leaves.leafIndex, Math.min(start + AT_ONCE, newest.size))))
      .orderBy(asc(leaves.leafIndex))
    yield { table: 'recovered_leaves', rows }
  }
  const { size, root, note } = newest
  yield { table: 'published_checkpoints', rows: [{ size, root, note }] }
  return { checkpoint: note }
}
