import { and, eq } from 'drizzle-orm'
import type { Transaction } from '#platform/database/database.ts'
import type { Removed } from '#platform/erasure/confirm-erasure.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { IssuanceTables } from '../tables.ts'

/** What an erasure takes of a recipient's access: mails with links, requests, counts; of a session there remains that it was one. */
export async function forgetAccess(
  tx: Transaction<IssuanceTables>, organizationId: OrganizationId, recipientId: string, emailDigest: string | undefined,
): Promise<Removed> {
  const { recipientMails, recipientSessions, erasureRequests, linkLimits } = tx.tables
  const mails = await tx.delete(recipientMails).where(eq(recipientMails.recipientId, recipientId)).returning({ id: recipientMails.id })
  const requests = await tx.delete(erasureRequests).where(eq(erasureRequests.recipientId, recipientId)).returning({ id: erasureRequests.id })
  const sessions = await tx.update(recipientSessions).set({ recipientId: null }).where(eq(recipientSessions.recipientId, recipientId)).returning({ id: recipientSessions.id })
  if (emailDigest !== undefined)
    await tx.delete(linkLimits).where(and(eq(linkLimits.organizationId, organizationId), eq(linkLimits.subject, emailDigest)))
  return { recipientMails: mails.length, recipientSessions: sessions.length, erasureRequests: requests.length }
}
