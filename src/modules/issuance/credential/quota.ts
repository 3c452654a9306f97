import { and, eq, placeholder, type SQL } from 'drizzle-orm'
import type { Transaction } from '#platform/database/database.ts'
import { preparedQuery } from '#platform/database/prepared.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { createOrganizationLimits } from '#platform/organization-limits.ts'
import { Problem } from '#platform/problem.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { IssuanceTables } from '../tables.ts'

export interface Quota {
  /** Credentials that an organization may have in a month; undefined: without a limit. Some seconds old at most. */
  of(organizationId: OrganizationId): Promise<number | undefined>
  /**
   * Counts what a transaction made, last of all in it, because everyone of the organization waits for this row.
   * Throws {@link QuotaExceeded} when that is more than there may be; the transaction then leaves nothing behind.
   */
  count(tx: Transaction<IssuanceTables>, organizationId: OrganizationId, created: number, limit: number | undefined): Promise<void>
}

/** 429; a caller who asks for many may take the first `remaining` of them. */
export class QuotaExceeded extends Problem {
  readonly remaining: number
  constructor({ limit, used, now }: { limit: number; used: number; now: Date }) {
    const renewed = nextMonth(now)
    super('quota-exceeded', 'Wait for the next month, or ask whoever runs this installation for a larger quota.', {
      retryAfterSeconds: (renewed.getTime() - now.getTime()) / 1_000,
      extensions: { quota: limit, used, renewedAt: renewed.toISOString() },
    })
    this.remaining = Math.max(limit - used, 0)
  }
}

/** `2026-11`, in UTC. */
const monthOf = (now: Date): string => now.toISOString().slice(0, 7)
const nextMonth = (now: Date): Date => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1))

type Month = { organizationId: string; month: string }

const usedIn = preparedQuery<IssuanceTables, Month>()((queries, { usage }) =>
  queries
    .select({ credentials: usage.credentials })
    .from(usage)
    .where(and(eq(usage.organizationId, placeholder('organizationId')), eq(usage.month, placeholder('month')))))

const begin = preparedQuery<IssuanceTables, Month & { credentials: number }>()((queries, { usage }) =>
  queries.insert(usage).values({ organizationId: placeholder('organizationId'), month: placeholder('month'), credentials: placeholder('credentials') })
    // Where another began the month at the same time, Postgres takes this for a conflict and runs the transaction again.
    .onConflictDoNothing())

const carryOn = preparedQuery<IssuanceTables, Month & { credentials: number }>()((queries, { usage }) =>
  queries
    .update(usage)
    .set({ credentials: placeholder('credentials') as unknown as SQL })
    .where(and(eq(usage.organizationId, placeholder('organizationId')), eq(usage.month, placeholder('month')))))

/** Who changed it in between makes the transaction run again. */
async function add(tx: Transaction<IssuanceTables>, month: Month, created: number): Promise<number> {
  const [row] = await tx.run(usedIn, month)
  const credentials = (row?.credentials ?? 0) + created
  await tx.run(row ? carryOn : begin, { ...month, credentials })
  return credentials
}

export function createQuota({ clients, now }: Pick<IssuanceContext, 'clients' | 'now'>): Quota {
  const limitsOf = createOrganizationLimits(clients.identity, { freshMs: 10_000 })
  return {
    of: async (organizationId) => (await limitsOf(organizationId)).credentialsPerMonth,
    async count(tx, organizationId, created, limit) {
      if (created === 0) return
      const at = now()
      const used = await add(tx, { organizationId, month: monthOf(at) }, created)
      if (limit !== undefined && used > limit) throw new QuotaExceeded({ limit, used: used - created, now: at })
    },
  }
}
