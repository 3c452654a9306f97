import { and, asc, count, desc, eq, gt, inArray, isNotNull, isNull, lt } from 'drizzle-orm'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { CredentialState } from '../credential/state.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { BatchState, IssuanceTables } from '../tables.ts'
import { paceOf, remainingSeconds } from './batch-pace.ts'
import { columnsTaken } from './file-records.ts'
import type { RowFault } from './row-rules.ts'

export interface BatchView {
  readonly id: string
  readonly state: BatchState | 'paused'
  /** The heading that each field is read from. */
  readonly columns: Readonly<Record<string, string>>
  /** Records read so far. */
  readonly rows: number
  /** New credentials. */
  readonly created: number
  /** Records whose credential was there before. */
  readonly existing: number
  readonly refused: number
  /** Of the new credentials, how many are in which state. */
  readonly progress: Readonly<Partial<Record<CredentialState, number>>>
  /** Of the new credentials, how many are not issued and not on their way: given up after several failures, or erased. */
  readonly abandoned: number
  /** How many records came how far: each stage counts those of the later ones too. */
  readonly stages: { readonly read: number; readonly accepted: number; readonly issued: number }
  /** Credentials issued a second, over the last minute; null unless it is being read or issued. */
  readonly rate: number | null
  /** Until everything is issued, at that rate; null while it cannot be told. */
  readonly remainingSeconds: number | null
  /** What it comes to, in a sentence. */
  readonly summary: string
  readonly failure: string | null
  readonly createdAt: string
  readonly finishedAt: string | null
}

type Batch = IssuanceTables['batches']['$inferSelect']

const unknown = () => new Problem('not-found', 'There is no batch with this id; GET /v1/batches lists them.')

function summary({ state, rows, created, existing, refused, failure }: Batch, abandoned: number, cancelled: number): string {
  if (state === 'cancelled') return `Cancelled: of ${created} new, ${cancelled} were taken back and ${created - cancelled} stay.`
  if (state === 'cancelling') return 'Being cancelled: what is not issued yet is taken back.'
  if (failure !== null) return `The file could not be read to its end. ${failure}`
  if (state === 'importing') return `Reading the file: ${rows} records so far.`
  const parts = [
    created === 0 ? 'Nothing new' : `${created} new`,
    ...(existing > 0 ? [`${existing} were there already`] : []),
    ...(refused > 0 ? [`${refused} refused: see the errors`] : []),
    ...(abandoned > 0 ? [`${abandoned} could not be issued`] : []),
  ]
  return `${parts.join(', ')}.`
}

async function view(context: IssuanceContext, batch: Batch): Promise<BatchView> {
  const { database } = context
  const { credentials } = database.tables
  const states = await database.read
    .select({ state: credentials.state, count: count() })
    .from(credentials)
    .where(eq(credentials.batchId, batch.id))
    .groupBy(credentials.state)
  const abandoned = await database.read.$count(
    credentials,
    and(eq(credentials.batchId, batch.id), eq(credentials.state, 'accepted'), isNotNull(credentials.abandonedAt)),
  )
  const { id, state, rows, created, existing, refused, failure } = batch
  const progress: BatchView['progress'] = Object.fromEntries(states.map((one) => [one.state, Number(one.count)]))
  const { accepted = 0, cancelled = 0 } = progress
  const moving = batch.pausedAt === null && (state === 'importing' || state === 'issuing')
  const rate = moving ? await paceOf(context, id) : null
  return {
    id,
    state: batch.pausedAt !== null && (state === 'importing' || state === 'issuing') ? 'paused' : state,
    columns: columnsTaken(batch.header, batch.chosenColumns),
    rows,
    created,
    existing,
    refused,
    progress,
    abandoned,
    stages: { read: rows, accepted: created, issued: Math.max(0, created - accepted - cancelled) },
    rate,
    remainingSeconds: rate === null || state === 'importing' ? null : remainingSeconds(accepted - abandoned, rate),
    summary: summary(batch, abandoned, cancelled),
    failure,
    createdAt: batch.createdAt.toISOString(),
    finishedAt: batch.finishedAt?.toISOString() ?? null,
  }
}

/** Throws `Problem('not-found')`, for another organization's too. */
export async function findBatch({ database }: Pick<IssuanceContext, 'database'>, organizationId: OrganizationId, id: string): Promise<Batch> {
  const { batches } = database.tables
  const [batch] = await database.read
    .select()
    .from(batches)
    .where(and(eq(batches.id, id), eq(batches.organizationId, organizationId)))
  if (!batch) throw unknown()
  return batch
}

export const getBatch = async (context: IssuanceContext, organizationId: OrganizationId, id: string): Promise<BatchView> =>
  view(context, await findBatch(context, organizationId, id))

/** Newest first. */
export async function listBatches(
  context: IssuanceContext,
  organizationId: OrganizationId,
  { after, limit, state }: { after?: string | undefined; limit: number; state?: BatchView['state'] | undefined },
): Promise<{ batches: BatchView[]; next: string | null }> {
  const { batches } = context.database.tables
  const mine = eq(batches.organizationId, organizationId)
  const ofState =
    state === undefined ? undefined
    : state === 'paused' ? and(isNotNull(batches.pausedAt), inArray(batches.state, ['importing', 'issuing']))
    : state === 'importing' || state === 'issuing' ? and(isNull(batches.pausedAt), eq(batches.state, state))
    : eq(batches.state, state)
  const found = await context.database.read
    .select()
    .from(batches)
    .where(and(mine, after === undefined ? undefined : lt(batches.id, after), ofState))
    .orderBy(desc(batches.id))
    .limit(limit + 1)
  const page = found.slice(0, limit)
  return {
    batches: await Promise.all(page.map((batch) => view(context, batch))),
    next: found.length > limit ? (page.at(-1)?.id ?? null) : null,
  }
}

/** Why records were refused, in the order of the file. `next` is the record to give as `after`. */
export async function batchErrors(
  context: IssuanceContext,
  organizationId: OrganizationId,
  id: string,
  { after, limit }: { after: number; limit: number },
): Promise<{ errors: RowFault[]; next: number | null }> {
  await findBatch(context, organizationId, id)
  const { batchRecords } = context.database.tables
  const rows = await context.database.read
    .select({ record: batchRecords.record, fault: batchRecords.fault })
    .from(batchRecords)
    .where(and(eq(batchRecords.batchId, id), eq(batchRecords.outcome, 'refused'), gt(batchRecords.record, after)))
    .orderBy(asc(batchRecords.record))
    .limit(limit + 1)
  const page = rows.slice(0, limit)
  return {
    errors: page.flatMap(({ fault }) => (fault === null ? [] : [fault])),
    next: rows.length > limit ? (page.at(-1)?.record ?? null) : null,
  }
}
