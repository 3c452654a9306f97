import { defineSchema } from '#platform/database/schema.ts'

/** `failed`: refused, or given up. `withdrawn`: there was nothing to tell any more before it was sent. */
export type MessageState = 'pending' | 'sent' | 'failed' | 'withdrawn'

export const schema = defineSchema('notification', (kit) => ({
  /** What was to be told to whom, and what became of it. */
  messages: kit.tenantTable(
    'messages',
    {
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      recipientId: kit.text().notNull(),
      credentialId: kit.text().notNull(),
      channel: kit.text().$type<'email'>().notNull(),
      /** Why it is sent: `credential.issued`. With the credential and the channel it is sent once. */
      occasion: kit.text().notNull(),
      /** RFC 5322 Message-ID without brackets: the same at every attempt. */
      messageId: kit.text().notNull(),
      /** JSON of `MessageContent`, sealed with the recipient's key. */
      content: kit.bytes().notNull(),
      state: kit.text().$type<MessageState>().notNull(),
      /** Why it failed or was withdrawn: the receiving side's code, never the address. */
      reason: kit.text(),
      createdAt: kit.instant().notNull(),
      finishedAt: kit.instant(),
    },
    (t) => [
      kit.uniqueIndex('messages_by_occasion').on(t.credentialId, t.channel, t.occasion),
      kit.index('messages_by_organization').on(t.organizationId, t.id),
      kit.index('messages_by_recipient').on(t.recipientId),
    ],
  ),

  /** Mails to people who sign in, and links to recipients. What they say is asked for when they go out, and never stored here. */
  accountMessages: kit.tenantTable(
    'account_messages',
    {
      /** Of the mail where it is kept. */
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      /** Whom issuance has something to tell; null: identity has, to somebody who signs in. */
      recipientId: kit.text(),
      messageId: kit.text().notNull(),
      state: kit.text().$type<MessageState>().notNull(),
      reason: kit.text(),
      createdAt: kit.instant().notNull(),
      finishedAt: kit.instant(),
    },
    (t) => [kit.index('account_messages_by_recipient').on(t.recipientId)],
  ),
}))

export type NotificationTables = ReturnType<typeof schema.postgres>['tables']

/** The sealed part of a message: what the words are made of. */
export interface MessageContent {
  readonly recipientName: string
  readonly recipientEmail: string
  readonly achievementName: string
  readonly issuerName: string
  readonly publicId: string
  readonly locale: string
  readonly test: boolean
  /** Absent where it could not be had when the message was written. */
  readonly contact?: IssuerContact
}

/** Where a recipient may turn to. */
export interface IssuerContact {
  /** Of the issuer's page, `/issuers/{slug}`. */
  readonly slug: string
  readonly email?: string
}
