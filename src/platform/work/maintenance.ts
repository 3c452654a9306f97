import { and, asc, eq, gt, type SQL, sql } from 'drizzle-orm'
import type { PlatformDatabase } from '../database/transaction.ts'
import type { StepRow } from './claim.ts'
import { lockingTransaction } from './locking-transaction.ts'

export type StepState = StepRow['state']

/** What a person may see of a step: no lease token. */
export type StepView = Omit<StepRow, 'leaseToken'>

export interface StepFilter {
  readonly state?: StepState
  readonly kind?: string
  readonly organizationId?: string
}

const condition = (database: PlatformDatabase, { state, kind, organizationId }: StepFilter) => {
  const { steps } = database.raw.platform
  return [
    state && eq(steps.state, state),
    kind === undefined ? undefined : eq(steps.kind, kind),
    organizationId === undefined ? undefined : eq(steps.organizationId, organizationId),
  ]
}

/**
 * Steps in the order in which they were added, a page at a time.
 * @param page `cursor`: the id of the last step seen; `limit`: 100 unless told, at most 1,000
 * @returns `next`: the cursor of the next page; undefined on the last
 */
export async function listSteps(
  database: PlatformDatabase,
  filter: StepFilter = {},
  page: { cursor?: string; limit?: number } = {},
): Promise<{ steps: StepView[]; next: string | undefined }> {
  const { steps } = database.raw.platform
  const limit = Math.min(page.limit ?? 100, 1_000)
  const rows = await database.raw.select().from(steps)
    .where(and(...condition(database, filter), page.cursor === undefined ? undefined : gt(steps.id, page.cursor)))
    .orderBy(asc(steps.id)).limit(limit + 1)
  const more = rows.length > limit
  const seen = rows.slice(0, limit)
  return { steps: seen.map(withoutToken), next: more ? seen.at(-1)!.id : undefined }
}

/** Who holds the token can complete the step. */
function withoutToken(row: StepRow): StepView {
  const { leaseToken, ...view } = row
  void leaseToken
  return view
}

export interface KindCount {
  readonly kind: string
  readonly state: StepState
  readonly count: number
}

/** For metrics, health and `steps list`. */
export async function countSteps(
  database: PlatformDatabase,
  filter: Omit<StepFilter, 'kind'> = {},
): Promise<KindCount[]> {
  const { steps } = database.raw.platform
  const rows = await database.raw
    .select({ kind: steps.kind, state: steps.state, count: sql<number>`count(*)` }).from(steps)
    .where(and(...condition(database, filter))).groupBy(steps.kind, steps.state).orderBy(steps.kind, steps.state)
  return rows.map((row) => ({ ...row, count: Number(row.count) }))
}

/** A kind that pauses because its other side is away. */
export interface KindPause {
  readonly kind: string
  readonly pausedUntil: Date
  readonly unavailableSince: Date | null
  readonly lastError: string | null
}

export async function listPauses(database: PlatformDatabase): Promise<KindPause[]> {
  const { stepKinds } = database.raw.platform
  const rows = await database.raw.select().from(stepKinds).where(gt(stepKinds.pausedUntil, database.raw.now()))
  return rows.map(({ kind, pausedUntil, unavailableSince, lastError }) =>
    ({ kind, pausedUntil: pausedUntil!, unavailableSince, lastError }))
}

const stepsPerCommit = 200

/**
 * Drives dead steps again, with all their attempts: one by its id, or all that the filter finds.
 * @returns how many
 */
export async function retryDeadSteps(
  database: PlatformDatabase,
  which: { readonly id: string } | Omit<StepFilter, 'state'>,
): Promise<number> {
  const { steps } = database.raw.platform
  const wanted: (SQL | undefined)[] = 'id' in which ? [eq(steps.id, which.id)] : condition(database, which)
  let retried = 0
  for (;;) {
    const rows = await lockingTransaction(database, async (tx) => {
      const dead = tx.select({ id: steps.id }).from(steps)
        .where(and(eq(steps.state, 'dead'), ...wanted)).limit(stepsPerCommit)
      const changed = await tx.update(steps)
        .set({ state: 'ready', attempts: 0, starts: 0, unavailableSince: null, dueAt: tx.now() })
        .where(and(eq(steps.state, 'dead'), sql`${steps.id} in ${dead}`)).returning({ kind: steps.kind })
      for (const { kind } of changed) tx.notify({ stepKind: kind })
      return changed
    })
    retried += rows.length
    if (rows.length < stepsPerCommit) return retried
  }
}
