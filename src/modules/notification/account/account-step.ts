import { and, eq } from 'drizzle-orm'
import { z } from 'zod'
import type { EventHandler } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import { defineStep, type StepGivenUp, type StepRunner } from '#platform/work/step.ts'
import type { AccountMail, mailRequested } from '#modules/identity/index.ts'
import type { recipientMailRequested } from '#modules/issuance/index.ts'
import type { EmailText } from '../email/certificate-email.ts'
import { MailRefused, type MailTransport } from '../email/mail-transport.ts'
import { composeMime } from '../email/mime-message.ts'
import { senderOf } from '../email/send-step.ts'
import type { NotificationContext } from '../notification-context.ts'
import type { MessageState, NotificationTables } from '../tables.ts'
import { accountEmail } from './account-email.ts'
import { recipientEmail } from './recipient-email.ts'

/** Sends one mail whose content another module keeps, to a person who signs in or to a recipient. After a crash it may be sent again, under the same Message-ID. */
export const sendAccountMail = defineStep({
  kind: 'send-account-mail',
  input: z.object({ id: z.string() }),
  leaseMs: 60_000,
  concurrency: 4,
})

type Message = NotificationTables['accountMessages']['$inferSelect']
type Input = z.output<typeof sendAccountMail.input>

/** Somebody is to get a mail, once: who signs in, or a recipient. */
export function writeAccountMail({ publicUrl, now }: NotificationContext): EventHandler<NotificationTables, typeof mailRequested | typeof recipientMailRequested> {
  return async ({ data, organizationId }) =>
    async (tx) => {
      const { mailId: id, recipientId = null } = data as { mailId: string; recipientId?: string }
      const { accountMessages } = tx.tables
      const messageId = `${id}.${recipientId === null ? 'account' : 'recipient'}@${new URL(publicUrl).hostname}`
      const written = await tx
        .insert(accountMessages)
        .values({ id, organizationId, recipientId, messageId, state: 'pending', createdAt: now() })
        .onConflictDoNothing()
        .returning({ id: accountMessages.id })
      if (written.length > 0) await tx.addStep(sendAccountMail, organizationId, id, { id })
    }
}

export function createAccountRunner(
  { database, clients, publicUrl, config, now }: NotificationContext,
  transport: MailTransport,
): StepRunner<Input, NotificationTables> {
  const { accountMessages } = database.tables
  const from = senderOf(publicUrl, config.MAIL_FROM)
  const finish = (id: string, state: MessageState, reason: string | null) => async (tx: Parameters<Finish>[0]) =>
    void (await tx.update(accountMessages).set({ state, reason, finishedAt: now() }).where(eq(accountMessages.id, id)))

  async function contentOf({ id: mailId, recipientId }: Message, signal: AbortSignal): Promise<Pick<AccountMail, 'email' | 'name' | 'organizationName'> & { says: EmailText }> {
    if (recipientId === null) {
      const mail = await clients.identity.accountMail({ mailId }, { signal })
      return { ...mail, says: accountEmail(mail) }
    }
    const mail = await clients.issuance.recipientMail({ mailId }, { signal })
    return { ...mail, says: recipientEmail(mail) }
  }

  return async ({ input: { id }, signal }) => {
    const [message] = await database.read.select().from(accountMessages).where(eq(accountMessages.id, id))
    if (!message) throw new Error('The message of this step is not there.')
    if (message.state !== 'pending') return undefined
    const mail = await contentOf(message, signal).catch((error: unknown) => {
      if (error instanceof Problem && error.code === 'gone') return undefined
      throw error
    })
    if (!mail) return finish(id, 'withdrawn', 'it was withdrawn, or its link had expired')
    const { subject, text, html, language } = mail.says
    const raw = composeMime({
      from: { name: mail.organizationName ?? 'Vellum', address: from },
      to: { name: mail.name ?? '', address: mail.email },
      subject, text, html,
      messageId: message.messageId,
      date: message.createdAt,
      headers: { 'Content-Language': language, 'Auto-Submitted': 'auto-generated' },
    })
    try {
      await transport.send({ from, to: mail.email, messageId: message.messageId, raw })
    } catch (error) {
      if (!(error instanceof MailRefused)) throw error
      return finish(id, 'failed', `refused with ${error.code}`)
    }
    const [after] = await database.read.select().from(accountMessages).where(eq(accountMessages.id, id))
    // Erased while it was sent: a file of it is in our hands still.
    if (after?.state === 'withdrawn') await transport.forget(message.messageId)
    return finish(id, 'sent', null)
  }
}

/** No attempt is left. */
export const createFailAccountMail = ({ database, now }: NotificationContext): StepGivenUp<Input, NotificationTables> =>
  async ({ input: { id } }, why) =>
    async (tx) => {
      const { accountMessages } = database.tables
      await tx
        .update(accountMessages)
        .set({ state: 'failed', reason: why.slice(0, 200), finishedAt: now() })
        .where(and(eq(accountMessages.id, id), eq(accountMessages.state, 'pending')))
    }

type Finish = Exclude<Awaited<ReturnType<StepRunner<Input, NotificationTables>>>, void>
