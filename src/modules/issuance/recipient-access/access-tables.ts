import type { ColumnKit } from '#platform/database/columns.ts'

/** `erasing`: granted, and the key is about to be destroyed; then the request goes with everything else. */
export type ErasureRequestState = 'open' | 'withdrawn' | 'refused' | 'erasing'
export type RecipientMailKind = 'link' | 'erasure-refused'
/** What attempts to get a link are counted by. */
export type LinkLimitKind = 'address' | 'client' | 'organization'

/** How recipients come in, and what they ask for: docs/decisions/0213. */
export const accessTables = (kit: ColumnKit) => ({
  /** What is to be mailed to a recipient beside certificates, until it is too old. Of a link it is also what opens it. */
  recipientMails: kit.tenantTable(
    'recipient_mails',
    {
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      recipientId: kit.text().notNull(),
      kind: kit.text().$type<RecipientMailKind>().notNull(),
      /** JSON of `MailContent`, sealed with the recipient's key. */
      content: kit.bytes().notNull(),
      /** SHA-256 of the link's token; null for a mail that opens nothing. */
      tokenDigest: kit.text(),
      createdAt: kit.instant().notNull(),
      expiresAt: kit.instant().notNull(),
    },
    (t) => [
      kit.uniqueIndex('recipient_mails_by_token').on(t.tokenDigest),
      kit.index('recipient_mails_by_recipient').on(t.recipientId),
      kit.index('recipient_mails_by_age').on(t.expiresAt),
    ],
  ),

  /** Browsers in which a recipient is in. */
  recipientSessions: kit.tenantTable(
    'recipient_sessions',
    {
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      /** Null once erased: until its time is over, whoever shows the cookie is told so. */
      recipientId: kit.text(),
      /** SHA-256 of what the cookie holds. */
      tokenDigest: kit.text().notNull(),
      createdAt: kit.instant().notNull(),
      expiresAt: kit.instant().notNull(),
    },
    (t) => [
      kit.uniqueIndex('recipient_sessions_by_token').on(t.tokenDigest),
      kit.index('recipient_sessions_by_recipient').on(t.recipientId),
      kit.index('recipient_sessions_by_age').on(t.expiresAt),
    ],
  ),

  /** How often a link was asked for within a time. */
  linkLimits: kit.tenantTable(
    'link_limits',
    {
      organizationId: kit.text().notNull(),
      kind: kit.text().$type<LinkLimitKind>().notNull(),
      /** Keyed digest of the address, of the recipient's the same as in `recipients`; of a client its own; else empty. */
      subject: kit.text().notNull(),
      count: kit.integer().notNull(),
      until: kit.instant().notNull(),
    },
    (t) => [
      kit.primaryKey({ columns: [t.organizationId, t.kind, t.subject] }),
      kit.index('link_limits_by_age').on(t.until),
    ],
  ),

  /** Recipients who asked to be erased (GDPR, Art. 17), and what became of it. */
  erasureRequests: kit.tenantTable(
    'erasure_requests',
    {
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      recipientId: kit.text().notNull(),
      state: kit.text().$type<ErasureRequestState>().notNull(),
      /** The recipient while it is not decided: one at a time. */
      pendingFor: kit.text(),
      /** Why it was refused, sealed with the recipient's key. */
      reason: kit.bytes(),
      createdAt: kit.instant().notNull(),
      decidedAt: kit.instant(),
    },
    (t) => [
      kit.uniqueIndex('erasure_requests_pending').on(t.pendingFor),
      kit.index('erasure_requests_by_organization').on(t.organizationId, t.id),
      kit.index('erasure_requests_by_state').on(t.organizationId, t.state, t.id),
      kit.index('erasure_requests_by_recipient').on(t.recipientId),
    ],
  ),
})

/** The sealed part of a mail to a recipient. */
export interface MailContent {
  readonly name: string
  readonly email: string
  readonly locale: string
  readonly link: string
  /** Of a refusal. */
  readonly reason?: string
}
