import { and, eq, ne, placeholder, type SQL } from 'drizzle-orm'
import { z } from 'zod'
import { freeNow } from '#platform/blobs/free-now.ts'
import { preparedQuery } from '#platform/database/prepared.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { defineStep, type StepGivenUp, type StepRunner } from '#platform/work/step.ts'
import { notificationDelivered, notificationFailed } from '../events.ts'
import type { NotificationContext } from '../notification-context.ts'
import type { MessageContent, MessageState, NotificationTables } from '../tables.ts'
import { contentPlace } from '../message/content-place.ts'
import { certificateEmail } from './certificate-email.ts'
import { MailRefused, type MailTransport } from './mail-transport.ts'
import { composeMime } from './mime-message.ts'

/** Sends one e-mail. After a crash it may be sent again, under the same Message-ID. */
export const sendEmail = defineStep({
  kind: 'send-email',
  input: z.object({ id: z.string() }),
  leaseMs: 60_000,
  concurrency: 16,
})

export type SendInput = z.output<typeof sendEmail.input>

type Message = NotificationTables['messages']['$inferSelect']

export const senderOf = (publicUrl: string, from: string | undefined): string =>
  from ?? `no-reply@${new URL(publicUrl).hostname}`

const byId = preparedQuery<NotificationTables, { id: string }>()((queries, { messages }) =>
  queries.select().from(messages).where(eq(messages.id, placeholder('id'))))

const storeFinished = preparedQuery<
  NotificationTables,
  { id: string; state: MessageState; reason: string | null; finishedAt: Date }
>()((queries, { messages }) =>
  queries
    .update(messages)
    .set({
      state: placeholder('state') as unknown as SQL,
      reason: placeholder('reason') as unknown as SQL,
      finishedAt: placeholder('finishedAt') as unknown as SQL,
    })
    .where(eq(messages.id, placeholder('id'))))

export function createSendRunner(
  { database, keys, clients, openDocument, publicUrl, config, now }: NotificationContext,
  transport: MailTransport,
): StepRunner<SendInput, NotificationTables> {
  const from = senderOf(publicUrl, config.MAIL_FROM)

  async function compose(message: Message, content: MessageContent, signal: AbortSignal): Promise<Buffer> {
    const link = await clients.issuance.certificate({ credentialId: message.credentialId }, { signal })
    const pdf = await new Response(await openDocument(link, { signal })).bytes()
    const { subject, text, html, language } = certificateEmail(content, publicUrl)
    const mail = composeMime({
      from: { name: content.issuerName, address: from },
      to: { name: content.recipientName, address: content.recipientEmail },
      subject,
      text,
      html,
      messageId: message.messageId,
      date: message.createdAt,
      headers: { 'Content-Language': language, 'Auto-Submitted': 'auto-generated' },
      attachment: { fileName: link.fileName, mediaType: link.mediaType, content: pdf },
    })
    freeNow(pdf)
    return mail
  }

  return async ({ input: { id }, signal }) => {
    const [message] = await database.run(byId, { id })
    if (!message) throw new Error('The message of this step is not there.')
    if (message.state === 'sent' || message.state === 'withdrawn') return undefined
    await keys.load([message.organizationId, message.recipientId])
    if (keys.isErased(message.recipientId)) return undefined
    const content = JSON.parse(keys.openText(contentPlace(message.organizationId, id), message.content)) as MessageContent
    const raw = await compose(message, content, signal)
    const told = { messageId: message.messageId, credentialId: message.credentialId, channel: 'email' as const }
    const organizationId = message.organizationId as OrganizationId
    const finish = (state: 'sent' | 'failed', reason: string | null) => async (tx: Parameters<Finish>[0]) => {
      await tx.run(storeFinished, { id, state, reason, finishedAt: now() })
      if (reason === null) await tx.publish(notificationDelivered, organizationId, told)
      else await tx.publish(notificationFailed, organizationId, { ...told, reason })
    }
    let refusal: MailRefused | undefined
    try {
      await transport.send({ from, to: content.recipientEmail, messageId: message.messageId, raw })
    } catch (error) {
      if (!(error instanceof MailRefused)) throw error
      refusal = error
    }
    // A slow server may have taken longer than the key is held.
    await keys.load([organizationId])
    if (refusal) return finish('failed', `refused with ${refusal.code}`)
    const [after] = await database.run(byId, { id })
    if (after?.state === 'withdrawn') await transport.forget(message.messageId)
    return finish('sent', null)
  }
}

/** No attempt is left: the message says so, and whoever listens is told. */
export const createFailMessage = ({ database, keys, now }: NotificationContext): StepGivenUp<SendInput, NotificationTables> =>
  async ({ organizationId, input: { id } }, why) => {
    const { messages } = database.tables
    await keys.load([organizationId])
    const reason = why.slice(0, 200)
    return async (tx) => {
      const [failed] = await tx
        .update(messages)
        .set({ state: 'failed', reason, finishedAt: now() })
        .where(and(eq(messages.id, id), ne(messages.state, 'sent'), ne(messages.state, 'withdrawn')))
        .returning({ messageId: messages.messageId, credentialId: messages.credentialId, channel: messages.channel })
      if (failed) await tx.publish(notificationFailed, organizationId, { ...failed, reason })
    }
  }

type Finish = Exclude<Awaited<ReturnType<StepRunner<SendInput, NotificationTables>>>, void>
