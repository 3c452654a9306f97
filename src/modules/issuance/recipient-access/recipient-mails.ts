import { createHash } from 'node:crypto'
import { and, desc, eq, gt, isNull, lt } from 'drizzle-orm'
import type { Transaction } from '#platform/database/database.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { RecipientMail } from '../contract.ts'
import { openCredential } from '../credential/credential-row.ts'
import { recipientMailRequested } from '../events.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { OrganizationProfiles } from '../organization-profiles.ts'
import type { IssuanceTables, PersonalData } from '../tables.ts'
import type { MailContent } from './access-tables.ts'

type Tx = Transaction<IssuanceTables>

/** A link is good for an hour. What tells of a decision waits longer for a mail server that is away. */
const validMs = { link: 60 * 60_000, 'erasure-refused': 7 * 24 * 60 * 60_000 } as const

/** What is kept of something that opens: the thing itself is with the recipient alone. */
export const tokenDigest = (token: string): string => createHash('sha256').update(token).digest('hex')

export interface NewRecipientMail {
  /** The same id is the same mail. */
  readonly id: string
  readonly organizationId: OrganizationId
  readonly recipientId: string
  /** With what opens the link, or why a request was refused. */
  readonly says: { readonly kind: 'link'; readonly token: string } | { readonly kind: 'erasure-refused'; readonly reason: string }
}

/** Mails to recipients. Another module sends them: it is told by `recipient-mail.requested`, and asks for the content when it does. */
export interface RecipientMails {
  /** What writes it in a transaction; undefined for who is erased. Loads the keys of both. */
  prepare(mail: NewRecipientMail): Promise<((tx: Tx) => Promise<void>) | undefined>
  /** Throws `gone` once its link was used or has expired, or the recipient is erased. */
  find(id: string): Promise<RecipientMail>
}

/** Who somebody is, by their newest credential; undefined for who is erased. Loads their key. */
export async function recipientPerson(
  { database, keys }: Pick<IssuanceContext, 'database' | 'keys'>, organizationId: string, recipientId: string,
): Promise<(PersonalData & { readonly locale: string }) | undefined> {
  const { credentials } = database.tables
  const [newest] = await database.read.select().from(credentials)
    .where(and(eq(credentials.organizationId, organizationId), eq(credentials.recipientId, recipientId)))
    .orderBy(desc(credentials.id)).limit(1)
  // Behind the reading: an erasure meanwhile takes the key away.
  await keys.load([recipientId])
  if (!newest || newest.personal.length === 0 || keys.isErased(recipientId)) return undefined
  return { ...openCredential({ keys }, { ...newest, document: null }).personal, locale: newest.locale }
}

/** Whether somebody is a recipient still: whoever writes something of them asks in the same transaction. */
export async function isRecipient(tx: Tx, recipientId: string): Promise<boolean> {
  const { recipients } = tx.tables
  const [row] = await tx.select({ id: recipients.id }).from(recipients).where(and(eq(recipients.id, recipientId), isNull(recipients.erasedAt)))
  return row !== undefined
}

const placeOf = (organizationId: string, id: string) =>
  ({ organizationId: organizationId as OrganizationId, table: 'recipient_mails', column: 'content', row: id })

export function createRecipientMails(context: IssuanceContext, profiles: OrganizationProfiles): RecipientMails {
  const { database, keys, publicUrl, now } = context

  return {
    async prepare({ id, organizationId, recipientId, says }) {
      const { slug } = await profiles.of(organizationId)
      await keys.load([organizationId, recipientId])
      const person = await recipientPerson(context, organizationId, recipientId)
      if (!person) return undefined
      const own = `${publicUrl}/recipient/${slug}`
      const content: MailContent = {
        ...person,
        ...(says.kind === 'link' ? { link: `${own}/link/${says.token}` } : { link: own, reason: says.reason }),
      }
      const sealed = keys.seal(recipientId, placeOf(organizationId, id), JSON.stringify(content))
      return async (tx) => {
        const { recipientMails } = tx.tables
        await tx.delete(recipientMails).where(lt(recipientMails.expiresAt, now()))
        if (!(await isRecipient(tx, recipientId))) return
        const written = await tx
          .insert(recipientMails)
          .values({
            id, organizationId, recipientId, kind: says.kind, content: sealed, tokenDigest: says.kind === 'link' ? tokenDigest(says.token) : null,
            createdAt: now(), expiresAt: new Date(now().getTime() + validMs[says.kind]),
          })
          .onConflictDoNothing()
          .returning({ id: recipientMails.id })
        if (written.length > 0) await tx.publish(recipientMailRequested, organizationId, { mailId: id, recipientId })
      }
    },

    async find(id) {
      const { recipientMails } = database.tables
      const [row] = await database.read.select().from(recipientMails).where(and(eq(recipientMails.id, id), gt(recipientMails.expiresAt, now())))
      if (row) await keys.load([row.recipientId])
      if (!row || keys.isErased(row.recipientId)) throw new Problem('gone', 'This mail is of no use any more: its link was used or is too old.')
      const { organizationId, kind, content } = row
      const { name } = await profiles.of(organizationId as OrganizationId)
      return { kind, organizationName: name, ...(JSON.parse(keys.openText(placeOf(organizationId, id), content)) as MailContent) }
    },
  }
}
