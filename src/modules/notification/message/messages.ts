import { and, desc, eq, lt, placeholder, type SQL } from 'drizzle-orm'
import { uuidv7 } from 'uuidv7'
import { preparedQuery } from '#platform/database/prepared.ts'
import { confirmErasure } from '#platform/erasure/confirm-erasure.ts'
import type { EventHandler } from '#platform/module.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { ONE_OF_MANY } from '#platform/work/step.ts'
import type { recipientErased } from '#modules/identity/index.ts'
import type { credentialIssued, credentialRevoked } from '#modules/issuance/index.ts'
import type { MailTransport } from '../email/mail-transport.ts'
import { sendEmail } from '../email/send-step.ts'
import type { NotificationContext } from '../notification-context.ts'
import type { MessageContent, NotificationTables } from '../tables.ts'
import { contentPlace } from './content-place.ts'
import type { IssuerContacts } from './issuer-contacts.ts'


interface NewMessage extends Record<string, unknown> {
  id: string
  organizationId: string
  recipientId: string
  credentialId: string
  messageId: string
  content: Uint8Array
  createdAt: Date
}

const insertMessage = preparedQuery<NotificationTables, NewMessage>()((queries, { messages }) =>
  queries
    .insert(messages)
    .values({
      id: placeholder('id'),
      organizationId: placeholder('organizationId'),
      recipientId: placeholder('recipientId'),
      credentialId: placeholder('credentialId'),
      channel: 'email',
      occasion: 'credential.issued',
      messageId: placeholder('messageId'),
      content: placeholder('content'),
      state: 'pending',
      createdAt: placeholder('createdAt'),
    })
    .onConflictDoNothing({ target: [messages.credentialId, messages.channel, messages.occasion] })
    .returning({ id: messages.id }))

/** A credential was issued: its recipient is to be told, once. */
export function tellRecipient(
  { keys, publicUrl, now }: NotificationContext,
  contacts: IssuerContacts,
): EventHandler<NotificationTables, typeof credentialIssued> {
  return async ({ data, organizationId }) => {
    if (!data.notify) return undefined
    const contact = await contacts(organizationId)
    const content: MessageContent = {
      recipientName: data.recipientName,
      recipientEmail: data.recipientEmail,
      achievementName: data.achievementName,
      issuerName: data.issuerName,
      publicId: data.publicId,
      locale: data.locale,
      test: data.test,
      ...(contact && { contact }),
    }
    await keys.load([organizationId, data.recipientId])
    const id = uuidv7()
    return async (tx) => {
      const written = await tx.run(insertMessage, {
        id,
        organizationId,
        recipientId: data.recipientId,
        credentialId: data.credentialId,
        messageId: `${data.credentialId}.issued@${new URL(publicUrl).hostname}`,
        content: keys.seal(data.recipientId, contentPlace(organizationId, id), JSON.stringify(content)),
        createdAt: now(),
      })
      if (written.length > 0) await tx.addStep(sendEmail, organizationId, id, { id }, { priority: data.batchId === undefined ? 0 : ONE_OF_MANY })
    }
  }
}

/** Revoked before the mail went out: then it does not go. */
export function withdrawRevoked({ now }: NotificationContext): EventHandler<NotificationTables, typeof credentialRevoked> {
  return async ({ data: { credentialId } }) =>
    async (tx) => {
      const { messages } = tx.tables
      await tx
        .update(messages)
        .set({ state: 'withdrawn', reason: 'the credential was revoked', finishedAt: now() })
        .where(and(eq(messages.credentialId, credentialId), eq(messages.state, 'pending')))
    }
}

/** The key is gone, so the sealed contents are noise; a file in `MAIL_DIR` is still in our hands and goes. */
export function forgetRecipient(
  { database, keys, now }: NotificationContext,
  transport: MailTransport,
): EventHandler<NotificationTables, typeof recipientErased> {
  return async ({ id: cause, organizationId, data: { recipientId } }) => {
    keys.forget(recipientId)
    const { messages, accountMessages } = database.tables
    const both = [messages, accountMessages] as const
    const withdrawn = { state: 'withdrawn', reason: 'the recipient was erased', finishedAt: now() } as const
    // Before the files go: whoever is sending looks at this afterwards, and takes back what it wrote meanwhile.
    await database.transaction(async (tx) => {
      for (const table of both) await tx.update(table).set(withdrawn).where(and(eq(table.recipientId, recipientId), eq(table.state, 'pending')))
    })
    const sent: { messageId: string }[] = []
    for (const table of both)
      sent.push(...(await database.read.select({ messageId: table.messageId }).from(table).where(eq(table.recipientId, recipientId))))
    for (const { messageId } of sent) await transport.forget(messageId)
    return async (tx) => {
      await tx.update(messages).set({ content: new Uint8Array(0) }).where(eq(messages.recipientId, recipientId))
      await confirmErasure(tx, { cause, organizationId, recipientId, removed: { messages: sent.length } })
    }
  }
}

export interface MessageView {
  readonly id: string
  readonly credentialId: string
  readonly channel: 'email'
  readonly messageId: string
  readonly state: NotificationTables['messages']['$inferSelect']['state']
  readonly reason: string | null
  readonly createdAt: string
  readonly finishedAt: string | null
}

/** Newest first, without names and addresses. `next` is the id to give as `after`. */
export async function listMessages(
  { database }: NotificationContext,
  organizationId: OrganizationId,
  filter: { credentialId?: string | undefined; state?: MessageView['state'] | undefined; after?: string | undefined; limit: number },
): Promise<{ messages: MessageView[]; next: string | null }> {
  const { messages } = database.tables
  const conditions: SQL[] = [eq(messages.organizationId, organizationId)]
  if (filter.credentialId) conditions.push(eq(messages.credentialId, filter.credentialId))
  if (filter.state) conditions.push(eq(messages.state, filter.state))
  if (filter.after) conditions.push(lt(messages.id, filter.after))
  const rows = await database.read
    .select()
    .from(messages)
    .where(and(...conditions))
    .orderBy(desc(messages.id))
    .limit(filter.limit + 1)
  const page = rows.slice(0, filter.limit)
  return {
    messages: page.map(({ id, credentialId, channel, messageId, state, reason, createdAt, finishedAt }) => ({
      id,
      credentialId,
      channel,
      messageId,
      state,
      reason,
      createdAt: createdAt.toISOString(),
      finishedAt: finishedAt?.toISOString() ?? null,
    })),
    next: rows.length > filter.limit ? (page.at(-1)?.id ?? null) : null,
  }
}
