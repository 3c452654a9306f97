import { and, eq, lt } from 'drizzle-orm'
import type { Transaction } from '#platform/database/database.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { IssuanceTables } from '../tables.ts'
import type { LinkLimitKind } from './access-tables.ts'

/** Links that are asked for within an hour: to one address, from behind one network address, and of one organization. */
export const linkLimits: Readonly<Record<LinkLimitKind, number>> = { address: 3, client: 60, organization: 1_000 }
const withinMs = 60 * 60_000

/**
 * Counts one request, for all processes together. Throws `rate-limited` when there were too many from there, or of this organization. False
 * when there were too many for this address: whoever asks is not told, because it may not be theirs.
 * @param subjects keyed digests
 */
export async function countLinkRequest(
  tx: Transaction<IssuanceTables>,
  organizationId: OrganizationId,
  subjects: Readonly<Partial<Record<LinkLimitKind, string>>>,
  { at, limits }: { at: Date; limits: Readonly<Record<LinkLimitKind, number>> },
): Promise<boolean> {
  const { linkLimits: counts } = tx.tables
  await tx.delete(counts).where(and(eq(counts.organizationId, organizationId), lt(counts.until, at)))

  async function refusedUntil(kind: LinkLimitKind, subject: string): Promise<Date | undefined> {
    const mine = and(eq(counts.organizationId, organizationId), eq(counts.kind, kind), eq(counts.subject, subject))
    const until = new Date(at.getTime() + withinMs)
    await tx.insert(counts).values({ organizationId, kind, subject, count: 0, until }).onConflictDoNothing()
    const [row] = await tx.select().from(counts).where(mine)
    if (row!.count >= limits[kind]) return row!.until
    // Counted by another in the meantime: on Postgres this transaction begins again.
    await tx.update(counts).set({ count: row!.count + 1 }).where(mine)
    return undefined
  }

  const { client, address } = subjects
  for (const until of [client !== undefined && (await refusedUntil('client', client)), await refusedUntil('organization', '')]) {
    if (!until) continue
    const retryAfterSeconds = Math.max(1, Math.ceil((until.getTime() - at.getTime()) / 1_000))
    throw new Problem('rate-limited', 'Wait until Retry-After is over: too many links were asked for.', { retryAfterSeconds })
  }
  return address === undefined || (await refusedUntil('address', address)) === undefined
}
