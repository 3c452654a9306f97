import { and, eq, inArray } from 'drizzle-orm'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import type { Transaction } from '#platform/database/database.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { type ClaimedStep, defineStep, ONE_OF_MANY, type StepGivenUp, type StepRunner, Unavailable } from '#platform/work/step.ts'
import type { Acceptance, Accepted, Wanted } from '../credential/accept.ts'
import type { Claim } from '../credential/claim-rules.ts'
import { priorityOf } from '../credential/priority.ts'
import { QuotaExceeded } from '../credential/quota.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { OrganizationProfiles } from '../organization-profiles.ts'
import type { IssuanceTables } from '../tables.ts'
import { type Template, templateVersion } from '../template/templates.ts'
import { type ColumnMap, matchColumns } from './column-rules.ts'
import { UnreadableFile } from './csv-file.ts'
import { readRecords } from './file-records.ts'
import { finishBatch } from './finish-step.ts'
import { checkRow, duplicateFault, quotaFault, type FileRecord, type RowContext, type RowFault } from './row-rules.ts'
import { sealedCells } from './refused-cells.ts'
import { storedPieces } from './upload.ts'

/** Reads a stored file and accepts its records, 50 in a commit; goes on behind the last commit after a crash. */
export const importBatch = defineStep({
  kind: 'import-batch',
  /** `order`: the batch's when this began; after another it ends. */
  input: z.object({ batchId: z.string(), order: z.number().int().default(0) }),
  leaseMs: 60_000,
  concurrency: 2,
})

export type ImportInput = z.output<typeof importBatch.input>

// A row costs about half a millisecond, in which nothing else happens here.
const CHUNK = 50
const CHUNK_BESIDE_SINGLE = 10
/** How often it looks whether what has the right of way is done. */
const GIVING_WAY_MS = 5
/** So many records at a time; then other files have their turn. */
const TURN = 5_000

type Batch = IssuanceTables['batches']['$inferSelect']
type Checked = { row: FileRecord; claim: Claim; businessKey: string } | { row: FileRecord; fault: RowFault }

/** Another process read on in this batch: which of the two holds the step is not known here, so this one looks again later. */
class LostBatch extends Unavailable {
  constructor() {
    super('Another process reads this file.', { retryAfterMs: 1_000 })
  }
}

/** The batch was paused, resumed or cancelled: whoever is to read on has a step of its own. */
class NewOrder extends Error {}

type Imported = { readonly read: 'all' } | { readonly read: 'a turn' } | { readonly read: 'no further'; readonly why: string }

export function createImportRunner(
  context: IssuanceContext,
  acceptance: Acceptance,
  profiles: OrganizationProfiles,
  { turn = TURN }: { turn?: number } = {},
): StepRunner<ImportInput, IssuanceTables> {
  const { database, blobs, keys, now, singleWork } = context

  async function find(batchId: string): Promise<Batch> {
    const { batches } = database.tables
    const [batch] = await database.read.select().from(batches).where(eq(batches.id, batchId))
    if (!batch) throw new Error('The batch of this step is not there.')
    return batch
  }

  /** Business keys that an earlier record of this file has. */
  async function earlier(batchId: string, businessKeys: readonly string[]): Promise<Set<string>> {
    const { batchRecords } = database.tables
    if (businessKeys.length === 0) return new Set()
    const rows = await database.read
      .select({ key: batchRecords.businessKey })
      .from(batchRecords)
      .where(and(eq(batchRecords.batchId, batchId), inArray(batchRecords.businessKey, [...businessKeys])))
    return new Set(rows.flatMap(({ key }) => (key === null ? [] : [key])))
  }

  async function check(rows: readonly FileRecord[], rowContext: RowContext, batch: Batch, template: Template): Promise<Checked[]> {
    const organizationId = batch.organizationId as OrganizationId
    await keys.load([organizationId])
    const checked = rows.map((row): Checked => {
      const result = checkRow(row, rowContext)
      if ('fault' in result) return { row, fault: result.fault }
      return { row, claim: result.claim, businessKey: acceptance.businessKey(organizationId, template, result.claim) }
    })
    const seen = await earlier(batch.id, checked.flatMap((one) => ('claim' in one ? [one.businessKey] : [])))
    const { header, columns } = rowContext
    return checked.map((one): Checked => {
      if (!('claim' in one)) return one
      if (!seen.has(one.businessKey)) {
        seen.add(one.businessKey)
        return one
      }
      const column = columns[one.claim.externalId === undefined ? 'email' : 'externalId']
      return { row: one.row, ...duplicateFault(one.row, column === undefined ? null : (header[column] ?? null)) }
    })
  }

  /** Commits a chunk: what it accepts, what it refuses, and how far the file is read. */
  async function commit(batch: Batch, checked: readonly Checked[], template: Template, columns: ColumnMap): Promise<Batch> {
    const organizationId = batch.organizationId as OrganizationId
    const good = checked.filter((one) => 'claim' in one)
    const wanted = good.map(
      ({ claim }): Wanted => ({ claim, achievement: { name: claim.achievement }, notify: batch.notify }),
    )
    const options = { organizationId, template, batchId: batch.id, priority: priorityOf(batch.id) }
    const write = async (tx: Transaction<IssuanceTables>, accepted: readonly Accepted[]): Promise<Batch> => {
      const { batches, batchRecords } = tx.tables
      const created = accepted.filter((one) => one.created).length
      const counts = {
        rows: batch.rows + checked.length,
        created: batch.created + created,
        existing: batch.existing + accepted.length - created,
        refused: batch.refused + checked.length - accepted.length,
      }
      const [moved] = await tx
        .update(batches)
        .set(counts)
        .where(and(eq(batches.id, batch.id), eq(batches.rows, batch.rows), eq(batches.orders, batch.orders), eq(batches.state, 'importing')))
        .returning()
      if (!moved) {
        const [other] = await tx.select({ orders: batches.orders }).from(batches).where(eq(batches.id, batch.id))
        throw other?.orders === batch.orders ? new LostBatch() : new NewOrder()
      }
      let next = 0
      await tx.insert(batchRecords).values(
        checked.map((one) => {
          const at = { batchId: batch.id, record: one.row.record, organizationId }
          if ('fault' in one)
            return { ...at, outcome: 'refused' as const, fault: one.fault, ...sealedCells(keys, organizationId, batch.id, one.row, columns.email) }
          const result = accepted[next++]
          const outcome = result?.created ? ('created' as const) : ('existing' as const)
          return { ...at, outcome, businessKey: one.businessKey, credentialId: result?.id ?? null }
        }),
      )
      return moved
    }
    if (wanted.length === 0) return database.transaction((tx) => write(tx, []), { background: true })
    return acceptance.accept(wanted, options, (accept) =>
      database.transaction(async (tx) => write(tx, await accept(tx)), { background: true }),
    )
  }

  /** What is beyond the quota is refused, the rest is not: in the order of the file. */
  async function commitWithinQuota(batch: Batch, checked: readonly Checked[], template: Template, columns: ColumnMap): Promise<Batch> {
    let left = checked
    for (;;)
      try {
        return await commit(batch, left, template, columns)
      } catch (error) {
        if (!(error instanceof QuotaExceeded)) throw error
        let good = 0
        const most = Math.min(error.remaining, left.filter((one) => 'claim' in one).length - 1)
        left = left.map((one): Checked => ('claim' in one && ++good > most ? { row: one.row, ...quotaFault(one.row) } : one))
      }
  }

  /** Reads on where the last commit was. */
  async function importRecords(start: Batch, step: ClaimedStep): Promise<Imported> {
    const organizationId = start.organizationId as OrganizationId
    const [template, profile] = await Promise.all([
      templateVersion({ database }, start.templateId, start.templateVersion),
      profiles.of(organizationId),
    ])
    let batch = start
    let rowContext: RowContext | undefined
    let chunk: FileRecord[] = []
    const flush = async () => {
      if (!rowContext || chunk.length === 0) return
      while (singleWork.hasRightOfWay()) await delay(GIVING_WAY_MS)
      step.signal.throwIfAborted()
      batch = await commitWithinQuota(batch, await check(chunk, rowContext, batch, template), template, rowContext.columns)
      chunk = []
    }
    try {
      const pieces = storedPieces(blobs, organizationId, batch.id, batch.pieces)
      for await (const row of readRecords(batch.format, pieces, batch.chosenColumns)) {
        if (!rowContext) {
          const columns: ColumnMap = matchColumns(row.cells, batch.chosenColumns).columns
          const { achievement } = batch
          rowContext = {
            header: row.cells,
            columns,
            achievement: achievement ?? undefined,
            defaultLocale: profile.defaultLocale,
            today: now(),
          }
          continue
        }
        if (row.record <= batch.rows) continue
        chunk.push(row)
        if (chunk.length >= (singleWork.isAround() ? CHUNK_BESIDE_SINGLE : CHUNK)) await flush()
        if (batch.rows - start.rows >= turn) return { read: 'a turn' }
      }
      await flush()
      return { read: 'all' }
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error
      await flush()
      return { read: 'no further', why: `Line ${error.line}: ${error.message}` }
    }
  }

  return async (step) => {
    const { batchId, order } = step.input
    const { batches } = database.tables
    // A step that was given up is driven again.
    await database.transaction((tx) =>
      tx.update(batches).set({ state: 'importing', failure: null }).where(and(eq(batches.id, batchId), eq(batches.state, 'failed'))))
    const batch = await find(batchId)
    if (batch.state !== 'importing' || batch.orders !== order || batch.pausedAt !== null) return undefined
    const organizationId = batch.organizationId as OrganizationId
    const imported = await importRecords(batch, step).catch((error: unknown) => {
      if (error instanceof NewOrder) return undefined
      throw error
    })
    if (!imported) return undefined
    const keyed = order === 0 ? batchId : `${batchId}/${order}`
    if (imported.read === 'a turn') return (tx) => tx.addStep(importBatch, organizationId, `${keyed}/${batch.rows}`, { batchId, order })
    const importedAt = now()
    return async (tx) => {
      const moved = await tx
        .update(batches)
        .set({ state: 'issuing', importedAt, failure: imported.read === 'no further' ? imported.why : null })
        .where(and(eq(batches.id, batchId), eq(batches.orders, order), eq(batches.state, 'importing')))
        .returning({ id: batches.id })
      if (moved.length > 0) await tx.addStep(finishBatch, organizationId, `${keyed}/1`, { batchId, look: 1, order }, { priority: ONE_OF_MANY })
    }
  }
}

/** The batch says that nobody reads its file any more; what was read of it stays accepted. */
export const failBatch: StepGivenUp<ImportInput, IssuanceTables> = async ({ input: { batchId, order } }, reason) =>
  async (tx) => {
    const { batches } = tx.tables
    await tx
      .update(batches)
      .set({ state: 'failed', failure: `It was tried several times (${reason}); an operator can try again.` })
      .where(and(eq(batches.id, batchId), eq(batches.orders, order), eq(batches.state, 'importing')))
  }
