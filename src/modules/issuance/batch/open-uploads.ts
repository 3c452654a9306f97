import { eq, lt } from 'drizzle-orm'
import type { Transaction } from '#platform/database/database.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { IssuanceTables } from '../tables.ts'

type Parts = Pick<IssuanceContext, 'database' | 'blobs' | 'now'>

/** The folder of a file's pieces. */
export const uploadFolder = (batchId: string): string => `batches/${batchId}/`

/** Longer than any upload lasts. */
const LEFT_BEHIND_MS = 24 * 3_600_000
const AT_ONCE = 100

/** Before the first piece of a file is stored: from now on a kill leaves pieces behind, which name people. */
export const openUpload = ({ database, now }: Parts, organizationId: OrganizationId, batchId: string): Promise<void> =>
  database.transaction(async (tx) => void (await tx.insert(tx.tables.openUploads).values({ id: batchId, organizationId, startedAt: now() })))

/** In the transaction that accepts the batch: from now on the pieces are its own. */
export const closeUpload = async (tx: Transaction<IssuanceTables>, batchId: string): Promise<void> =>
  void (await tx.delete(tx.tables.openUploads).where(eq(tx.tables.openUploads.id, batchId)))

/** Takes the pieces of a file that nobody accepted away. Safe to do twice. */
export async function discardUpload({ database, blobs }: Parts, batchId: string): Promise<void> {
  await blobs.delete(uploadFolder(batchId))
  await database.transaction((tx) => closeUpload(tx, batchId))
}

/** What killed processes left behind a day ago or more; of the organization in whose context it runs, else of all. */
export async function discardLeftBehind(parts: Parts): Promise<void> {
  const { openUploads } = parts.database.tables
  const before = new Date(parts.now().getTime() - LEFT_BEHIND_MS)
  const left = await parts.database.read.select({ id: openUploads.id }).from(openUploads).where(lt(openUploads.startedAt, before)).limit(AT_ONCE)
  for (const { id } of left) await discardUpload(parts, id)
}
