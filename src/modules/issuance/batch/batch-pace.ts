import { and, count, eq, gt, min } from 'drizzle-orm'
import type { IssuanceContext } from '../issuance-context.ts'

const WINDOW_MS = 60_000

/** Credentials of a batch a second, over the last minute, or since the first within it. Reads the index alone. */
export async function paceOf({ database, now }: Pick<IssuanceContext, 'database' | 'now'>, batchId: string): Promise<number> {
  const { credentials } = database.tables
  const at = now().getTime()
  const [seen] = await database.read
    .select({ issued: count(), first: min(credentials.issuedAt) })
    .from(credentials)
    .where(and(eq(credentials.batchId, batchId), eq(credentials.state, 'issued'), gt(credentials.issuedAt, new Date(at - WINDOW_MS))))
  return seen?.first == null ? 0 : pace(Number(seen.issued), at - seen.first.getTime())
}

/** A second at least, so that the first few do not look like thousands. */
export const pace = (issued: number, elapsedMs: number): number => Math.round((issued * 10_000) / Math.max(elapsedMs, 1_000)) / 10

/** Whole seconds, or null where nothing tells. */
export const remainingSeconds = (pending: number, rate: number): number | null => (rate > 0 ? Math.ceil(pending / rate) : null)
