import { and, asc, eq, gt } from 'drizzle-orm'
import { csvLine } from '#platform/csv.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import { findBatch } from './batches.ts'
import { errorColumns } from './error-columns.ts'
import { cellsPlace } from './refused-cells.ts'

const PAGE = 200

/**
 * The refused records of a batch as CSV (UTF-8 with a byte-order mark): the columns of its file, then line, code and message. Whoever
 * corrects the cells sends it again as it is. Cells that are not kept any more are empty. Throws `Problem('not-found')`.
 */
export async function errorFile(
  { database, keys }: IssuanceContext,
  organizationId: OrganizationId,
  id: string,
): Promise<AsyncGenerator<string>> {
  const { header } = await findBatch({ database }, organizationId, id)
  // A corrected file that was refused again has the columns of its errors from before.
  const kept = [...header.keys()].filter((at) => !(errorColumns as readonly string[]).includes(header[at] ?? ''))
  const { batchRecords } = database.tables
  const page = (after: number) =>
    database.read
      .select()
      .from(batchRecords)
      .where(and(eq(batchRecords.batchId, id), eq(batchRecords.outcome, 'refused'), gt(batchRecords.record, after)))
      .orderBy(asc(batchRecords.record))
      .limit(PAGE)
  return (async function* () {
    yield `\ufeff${csvLine([...kept.map((at) => header[at] ?? ''), ...errorColumns])}`
    for (let after = 0, rows = await page(0); rows.length > 0; rows = await page(after)) {
      await keys.load([organizationId])
      let lines = ''
      for (const { record, cells, fault } of rows) {
        const sent = cells === null ? [] : (JSON.parse(keys.openText(cellsPlace(organizationId, id, record), cells)) as string[])
        // What stood beyond the last heading stands beyond it again.
        const beyond = sent.slice(header.length)
        lines += csvLine([...kept.map((at) => sent[at] ?? ''), String(fault?.line ?? ''), fault?.code ?? '', fault?.message ?? '', ...beyond])
        after = record
      }
      yield lines
    }
  })()
}
