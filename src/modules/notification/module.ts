import { eq } from 'drizzle-orm'
import { defineModule, runStep, subscribe } from '#platform/module.ts'
import { identity, mailRequested, recipientErased } from '#modules/identity/index.ts'
import { credentialIssued, credentialRevoked, issuance, recipientMailRequested } from '#modules/issuance/index.ts'
import { createAccountRunner, createFailAccountMail, sendAccountMail, writeAccountMail } from './account/account-step.ts'
import { notificationChecks } from './checks.ts'
import { notificationConfig } from './config.ts'
import { notification } from './contract.ts'
import { countedDeliveries } from './email/delivery-count.ts'
import { folderTransport, smtpTransport } from './email/mail-transport.ts'
import { createFailMessage, createSendRunner, sendEmail } from './email/send-step.ts'
import { notificationDelivered, notificationFailed } from './events.ts'
import { createIssuerContacts } from './message/issuer-contacts.ts'
import { createExports } from './message/export.ts'
import { createMessageHistory } from './message/message-history.ts'
import { forgetRecipient, tellRecipient, withdrawRevoked } from './message/messages.ts'
import { notificationRoutes } from './routes.ts'
import { schema } from './tables.ts'

/** Notification: what was to be told to whom, and what became of it. */
export default defineModule({
  contract: notification,
  uses: { identity, issuance },
  publishes: [notificationDelivered, notificationFailed],
  subscribes: { issuance: ['credential', 'recipient-mail'], identity: ['recipient', 'mail', 'data-key'] },
  schema,
  config: notificationConfig,
  checks: notificationChecks,
  start(context) {
    const { config, database } = context
    const { transport, measures } = countedDeliveries(
      config.SMTP_URL === undefined
        ? folderTransport(config.MAIL_DIR)
        : smtpTransport(config.SMTP_URL, config.SMTP_CONNECTIONS),
    )
    return {
      handlers: {
        async messages({ credentialId }) {
          const { messages } = database.tables
          const rows = await database.read.select().from(messages).where(eq(messages.credentialId, credentialId))
          return {
            messages: rows.map(({ messageId, channel, state, createdAt, finishedAt }) => ({
              messageId,
              channel,
              state,
              at: (finishedAt ?? createdAt).toISOString(),
            })),
          }
        },
      },
      routes: (app) => notificationRoutes(app, context),
      subscriptions: [
        subscribe('issuance', credentialIssued, tellRecipient(context, createIssuerContacts(context))),
        subscribe('issuance', credentialRevoked, withdrawRevoked(context)),
        subscribe('identity', mailRequested, writeAccountMail(context)),
        subscribe('issuance', recipientMailRequested, writeAccountMail(context)),
        subscribe('identity', recipientErased, forgetRecipient(context, transport)),
      ],
      steps: [
        runStep(sendEmail, createSendRunner(context, transport), createFailMessage(context)),
        runStep(sendAccountMail, createAccountRunner(context, transport), createFailAccountMail(context)),
      ],
      measures,
      exports: createExports(context),
      history: createMessageHistory(context),
      stop: async () => transport.close(),
    }
  },
})
