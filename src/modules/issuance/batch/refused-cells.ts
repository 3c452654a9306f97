import { and, eq, gt, lte } from 'drizzle-orm'
import { z } from 'zod'
import type { KeyRing, SealPlace } from '#platform/crypto/key-ring-types.ts'
import type { Database, Transaction } from '#platform/database/database.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { defineStep, type StepRunner } from '#platform/work/step.ts'
import type { IssuanceTables } from '../tables.ts'
import type { FileRecord } from './row-rules.ts'

/** How long the cells of refused records are kept, so that they can be corrected: in milliseconds. */
export const KEPT_MS = 30 * 24 * 3_600_000

/** Takes the cells of a batch's refused records away; due 30 days after its file came. */
export const forgetRefused = defineStep({
  kind: 'forget-refused',
  input: z.object({ batchId: z.string() }),
  leaseMs: 60_000,
  concurrency: 1,
})

/** Where the cells of a refused record are sealed. */
export const cellsPlace = (organizationId: OrganizationId, batchId: string, record: number): SealPlace => ({
  organizationId,
  table: 'batch_records',
  column: 'cells',
  row: `${batchId}/${record}`,
})

/** What is kept of a refused record. The organization's key must be loaded. */
export function sealedCells(
  keys: KeyRing,
  organizationId: OrganizationId,
  batchId: string,
  { record, cells }: FileRecord,
  emailColumn: number | undefined,
): { cells: Uint8Array; emailDigest: string | null } {
  const email = emailColumn === undefined ? '' : (cells[emailColumn] ?? '').normalize('NFC').trim().toLowerCase()
  return {
    cells: keys.seal(organizationId, cellsPlace(organizationId, batchId, record), JSON.stringify(cells)),
    // As `Recipients.emailDigest`.
    emailDigest: email === '' ? null : keys.digest(organizationId, 'recipient-email', email),
  }
}

const AT_ONCE = 1_000
const forgotten = { cells: null, emailDigest: null }

export function createForgetRunner({ database }: { database: Database<IssuanceTables> }): StepRunner<z.output<typeof forgetRefused.input>, IssuanceTables> {
  return async ({ input: { batchId }, signal }) => {
    const { batches, batchRecords } = database.tables
    const [batch] = await database.read.select({ rows: batches.rows }).from(batches).where(eq(batches.id, batchId))
    for (let from = 0; from < (batch?.rows ?? 0); from += AT_ONCE) {
      signal.throwIfAborted()
      await database.transaction(
        async (tx) =>
          void (await tx
            .update(batchRecords)
            .set(forgotten)
            .where(
              and(
                eq(batchRecords.batchId, batchId),
                eq(batchRecords.outcome, 'refused'),
                gt(batchRecords.record, from),
                lte(batchRecords.record, from + AT_ONCE),
              ),
            )),
        { background: true },
      )
    }
  }
}

/** In the transaction of an erasure: the cells of refused records that hold the address. */
export async function forgetCellsOf(tx: Transaction<IssuanceTables>, organizationId: OrganizationId, emailDigest: string): Promise<number> {
  const { batchRecords } = tx.tables
  const rows = await tx
    .update(batchRecords)
    .set(forgotten)
    .where(and(eq(batchRecords.organizationId, organizationId), eq(batchRecords.emailDigest, emailDigest)))
    .returning({ record: batchRecords.record })
  return rows.length
}
