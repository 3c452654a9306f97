import { and, eq } from 'drizzle-orm'
import { randomUUID } from 'node:crypto'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { EventHandler } from '#platform/module.ts'
import type { recipientErased } from '#modules/identity/index.ts'
import { forgetCellsOf } from '../batch/refused-cells.ts'
import { credentialBlobs, deleteCertificates } from '../credential/credential-blobs.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { IssuanceTables } from '../tables.ts'

/**
 * The recipient's key is destroyed, so all that is sealed with it is noise; what was derived from the person with other
 * keys goes here: digests, search terms, the printed file and its pictures.
 */
export function createEraser({ database, keys, blobs, now }: IssuanceContext): EventHandler<IssuanceTables, typeof recipientErased> {
  return async ({ data: { recipientId } }) => {
    keys.forget(recipientId)
    const { credentials } = database.tables
    const owned = await database.read
      .select({ id: credentials.id })
      .from(credentials)
      .where(eq(credentials.recipientId, recipientId))
    for (const { id } of owned) {
      await deleteCertificates(blobs, id)
      await blobs.delete(credentialBlobs(id))
    }
    return async (tx) => {
      const { recipients } = tx.tables
      const [known] = await tx
        .select({ organizationId: recipients.organizationId, emailDigest: recipients.emailDigest })
        .from(recipients)
        .where(eq(recipients.id, recipientId))
      if (known?.emailDigest) await forgetCellsOf(tx, known.organizationId as OrganizationId, known.emailDigest)
      await tx
        .update(tx.tables.recipients)
        .set({ emailDigest: null, erasedAt: now() })
        .where(eq(tx.tables.recipients.id, recipientId))
      await tx.delete(tx.tables.searchTerms).where(eq(tx.tables.searchTerms.recipientId, recipientId))
      const { credentials } = tx.tables
      for (const { id } of await tx.select({ id: credentials.id }).from(credentials).where(eq(credentials.recipientId, recipientId)))
        await tx
          .update(credentials)
          .set({ businessKey: `erased:${randomUUID()}`, document: null })
          .where(eq(credentials.id, id))
      // What was not issued by now never will be.
      await tx
        .update(credentials)
        .set({ abandonedAt: now() })
        .where(and(eq(credentials.recipientId, recipientId), eq(credentials.state, 'accepted')))
    }
  }
}
