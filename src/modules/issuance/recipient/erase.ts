import { and, eq } from 'drizzle-orm'
import { randomUUID } from 'node:crypto'
import { confirmErasure } from '#platform/erasure/confirm-erasure.ts'
import type { EventHandler } from '#platform/module.ts'
import type { recipientErased } from '#modules/identity/index.ts'
import { forgetCellsOf } from '../batch/refused-cells.ts'
import { deleteFiles } from '../credential/credential-blobs.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import { forgetAccess } from '../recipient-access/forget-access.ts'
import type { IssuanceTables } from '../tables.ts'

/**
 * The recipient's key is destroyed, so all that is sealed with it is noise, which goes too; what was derived from the person with other
 * keys goes here: digests, search terms, the printed file and its pictures.
 */
export function createEraser({ database, keys, blobs, now }: IssuanceContext): EventHandler<IssuanceTables, typeof recipientErased> {
  return async ({ id: cause, organizationId, data: { recipientId } }) => {
    keys.forget(recipientId)
    const owned = await database.read
      .select({ id: database.tables.credentials.id })
      .from(database.tables.credentials)
      .where(eq(database.tables.credentials.recipientId, recipientId))
    let files = 0
    for (const { id } of owned) files += await deleteFiles(blobs, id)
    return async (tx) => {
      const { credentials, recipients, searchWords } = tx.tables
      const [known] = await tx.select({ emailDigest: recipients.emailDigest }).from(recipients).where(eq(recipients.id, recipientId))
      const refusedRecords = known?.emailDigest ? await forgetCellsOf(tx, organizationId, known.emailDigest) : 0
      await tx.update(recipients).set({ emailDigest: null, erasedAt: now() }).where(eq(recipients.id, recipientId))
      const words = await tx.delete(searchWords).where(eq(searchWords.recipientId, recipientId)).returning({ recipientId: searchWords.recipientId })
      const theirs = await tx.select({ id: credentials.id }).from(credentials).where(eq(credentials.recipientId, recipientId))
      for (const { id } of theirs)
        await tx
          .update(credentials)
          .set({ businessKey: `erased:${randomUUID()}`, personal: new Uint8Array(0), document: null })
          .where(eq(credentials.id, id))
      // What was not issued by now never will be.
      await tx
        .update(credentials)
        .set({ abandonedAt: now() })
        .where(and(eq(credentials.recipientId, recipientId), eq(credentials.state, 'accepted')))
      await confirmErasure(tx, {
        cause, organizationId, recipientId,
        removed: {
          credentials: theirs.length, files, digests: known?.emailDigest ? 1 : 0, searchWords: words.length, refusedRecords,
          ...(await forgetAccess(tx, organizationId, recipientId, known?.emailDigest ?? undefined)),
        },
      })
    }
  }
}
