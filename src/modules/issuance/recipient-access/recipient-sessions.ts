import { randomBytes } from 'node:crypto'
import { and, eq, gt, lt } from 'drizzle-orm'
import { uuidv7 } from 'uuidv7'
import { withContext } from '#platform/context.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import { isRecipient, tokenDigest } from './recipient-mails.ts'

/** From the opening on, whatever is done in it. */
export const sessionMinutes = 30

/** A recipient of an organization, in one browser, for a short time. */
export interface RecipientSession {
  readonly organizationId: OrganizationId
  readonly recipientId: string
  readonly expiresAt: Date
}

/** Who came by a mailed link. What a browser shows is kept as a digest. */
export interface RecipientSessions {
  /** Whether a link would open a session; nothing changes. */
  isGood(organizationId: OrganizationId, linkToken: string): Promise<boolean>
  /** Uses a link up, and ends the session that this browser had. What the cookie is to hold; undefined for a link that is used, too old, or of another organization. */
  open(organizationId: OrganizationId, linkToken: string, before: string | undefined): Promise<string | undefined>
  /** Undefined once its time is over. */
  find(token: string): Promise<RecipientSession | 'erased' | undefined>
  end(token: string): Promise<void>
}

/** Done by the recipient, as the audit tells it. */
export const asRecipient = <R>({ organizationId, recipientId }: Pick<RecipientSession, 'organizationId' | 'recipientId'>, work: () => Promise<R>): Promise<R> =>
  withContext({ organizationId, actor: `recipient:${recipientId}` }, work)

export function createRecipientSessions({ database, keys, now }: IssuanceContext): RecipientSessions {
  const { recipientMails, recipientSessions } = database.tables
  const link = (organizationId: OrganizationId, token: string) => and(
    eq(recipientMails.tokenDigest, tokenDigest(token)), eq(recipientMails.organizationId, organizationId), gt(recipientMails.expiresAt, now()))

  return {
    async isGood(organizationId, linkToken) {
      const [row] = await database.read.select({ id: recipientMails.id }).from(recipientMails).where(link(organizationId, linkToken))
      return row !== undefined
    },

    open: (organizationId, linkToken, before) =>
      database.transaction(async (tx) => {
        await tx.delete(recipientSessions).where(lt(recipientSessions.expiresAt, now()))
        const [used] = await tx.delete(recipientMails).where(link(organizationId, linkToken)).returning({ recipientId: recipientMails.recipientId })
        if (!used || !(await isRecipient(tx, used.recipientId))) return undefined
        if (before !== undefined) await tx.delete(recipientSessions).where(eq(recipientSessions.tokenDigest, tokenDigest(before)))
        const token = randomBytes(32).toString('base64url')
        const id = uuidv7()
        await tx.insert(recipientSessions).values({
          id, organizationId, recipientId: used.recipientId, tokenDigest: tokenDigest(token), createdAt: now(), expiresAt: new Date(now().getTime() + sessionMinutes * 60_000),
        })
        await asRecipient({ organizationId, recipientId: used.recipientId }, () =>
          tx.audit({ organizationId, action: 'recipient.came-in', target: used.recipientId, details: { session: id } }))
        return token
      }),

    async find(token) {
      const [row] = await database.read.select().from(recipientSessions)
        .where(and(eq(recipientSessions.tokenDigest, tokenDigest(token)), gt(recipientSessions.expiresAt, now())))
      if (!row) return undefined
      const { recipientId } = row
      if (recipientId === null) return 'erased'
      await keys.load([recipientId])
      return keys.isErased(recipientId) ? 'erased' : { organizationId: row.organizationId as OrganizationId, recipientId, expiresAt: row.expiresAt }
    },

    async end(token) {
      await database.transaction(async (tx) => void (await tx.delete(recipientSessions).where(eq(recipientSessions.tokenDigest, tokenDigest(token)))))
    },
  }
}
