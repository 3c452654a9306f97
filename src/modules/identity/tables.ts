import { isNotNull } from 'drizzle-orm'
import type { PublicKeys } from './client/public-keys.ts'
import type { MailKind, Role } from './contract.ts'
import { personTables } from './person/person-tables.ts'
import { providerTables } from './provider/provider-tables.ts'
import { defineSchema, type Schema } from '#platform/database/schema.ts'

export type DataKeyKind = 'installation' | 'organization' | 'recipient'

/** A JWK's public members; see RFC 8037 for Ed25519. */
export type PublicJwk = { readonly kty: string; readonly kid: string; readonly [member: string]: unknown }

export const schema = defineSchema('identity', (kit) => ({
  organizations: kit.table(
    'organizations',
    {
      id: kit.id().primaryKey(),
      slug: kit.text().notNull(),
      name: kit.text().notNull(),
      url: kit.text(),
      /** Sealed with the organization's key: it may be a person's address. */
      contactEmail: kit.bytes(),
      defaultLocale: kit.text().notNull(),
      /** Members get access tokens only in a session that showed a second factor. Null: in any. */
      requiresSecondFactor: kit.bool(),
      /** When the slug began to stand in addresses that last. */
      frozenAt: kit.instant(),
      createdAt: kit.instant().notNull(),
    },
    (t) => [kit.uniqueIndex('organizations_by_slug').on(t.slug)],
  ),

  /** What an organization may use, where that was set for it. */
  organizationLimits: kit.tenantTable('organization_limits', {
    organizationId: kit.id().primaryKey(),
    /** Null: as the installation has it. */
    requestsPerMinute: kit.integer(),
    /** Null: without a limit. */
    credentialsPerMonth: kit.integer(),
    changedAt: kit.instant().notNull(),
  }),

  dataKeys: kit.tenantTable(
    'data_keys',
    {
      /** An organization's id, a recipient's id, or `installation`. */
      subject: kit.text().notNull(),
      version: kit.integer().notNull(),
      organizationId: kit.text().notNull(),
      kind: kit.text().$type<DataKeyKind>().notNull(),
      /** The key, sealed with the master key; null once erased or retired. Version 0: what digests are made with after that. */
      wrappedKey: kit.bytes(),
      /** `{rotation}/{page}` that made this version; null for the first. */
      rotation: kit.text(),
      /** Nothing is sealed with it any more, and it is destroyed. */
      retiredAt: kit.instant(),
      reservationId: kit.text(),
      createdAt: kit.instant().notNull(),
      erasedAt: kit.instant(),
    },
    (t) => [
      kit.primaryKey({ columns: [t.subject, t.version] }),
      kit.index('data_keys_by_reservation').on(t.organizationId, t.reservationId),
      kit.index('data_keys_by_kind').on(t.kind, t.subject),
      kit.index('data_keys_erased').on(t.subject).where(isNotNull(t.erasedAt)),
    ],
  ),

  /** Who was erased, and what became of it: nothing here tells who it was. */
  erasures: kit.tenantTable(
    'erasures',
    {
      recipientId: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      erasedAt: kit.instant().notNull(),
      /** When every module had confirmed its part. */
      completedAt: kit.instant(),
    },
    (t) => [kit.index('erasures_by_organization').on(t.organizationId, t.recipientId)],
  ),

  erasureParts: kit.tenantTable(
    'erasure_parts',
    {
      recipientId: kit.text().notNull(),
      module: kit.text().notNull(),
      organizationId: kit.text().notNull(),
      /** How many of what. */
      removed: kit.json<Readonly<Record<string, number>>>().notNull(),
      confirmedAt: kit.instant().notNull(),
    },
    (t) => [kit.primaryKey({ columns: [t.recipientId, t.module] })],
  ),

  /** What each module said of a rotation of data keys: see `reportResealed`. */
  resealReports: kit.table(
    'reseal_reports',
    {
      rotation: kit.text().notNull(),
      module: kit.text().notNull(),
      /** Values and files that are still sealed with versions before. */
      left: kit.integer().notNull(),
      /** Null until it was counted after no process could have an older version any more. */
      finalAt: kit.instant(),
      reportedAt: kit.instant().notNull(),
    },
    (t) => [kit.primaryKey({ columns: [t.rotation, t.module] })],
  ),

  /** One row per reservation: a repeated one finds it and answers the same recipients. */
  reservations: kit.tenantTable(
    'reservations',
    {
      organizationId: kit.text().notNull(),
      reservationId: kit.text().notNull(),
      count: kit.integer().notNull(),
      createdAt: kit.instant().notNull(),
    },
    (t) => [kit.primaryKey({ columns: [t.organizationId, t.reservationId] })],
  ),

  /** API clients (RFC 6749). The secret itself is nowhere. */
  clients: kit.tenantTable(
    'clients',
    {
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      /** Of the request that made it: a repetition finds it. */
      requestId: kit.text().notNull(),
      name: kit.text().notNull(),
      scopes: kit.json<string[]>().notNull(),
      /** SHA-256 of the secret; 256 random bits need no slow hash. Null for a client with keys. */
      secretHash: kit.bytes(),
      /** A JWK set, for clients that sign assertions. */
      publicKeys: kit.json<PublicKeys>(),
      createdAt: kit.instant().notNull(),
      expiresAt: kit.instant(),
      disabledAt: kit.instant(),
    },
    (t) => [
      kit.uniqueIndex('clients_by_request').on(t.organizationId, t.requestId),
      kit.index('clients_disabled').on(t.disabledAt),
    ],
  ),

  /** API keys: bearer tokens of programs that take no other. The key itself is nowhere. */
  apiKeys: kit.tenantTable(
    'api_keys',
    {
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      /** Of the request that made it: a repetition finds it. */
      requestId: kit.text().notNull(),
      name: kit.text().notNull(),
      scopes: kit.json<string[]>().notNull(),
      /** SHA-256 of the key, base64url; 256 random bits need no slow hash. */
      keyHash: kit.text().notNull(),
      createdAt: kit.instant().notNull(),
      expiresAt: kit.instant().notNull(),
      revokedAt: kit.instant(),
      /** A day, such as 2026-11-29: enough to find keys that nobody needs, and no record of who does what when. */
      lastUsedOn: kit.text(),
    },
    (t) => [
      kit.uniqueIndex('api_keys_by_hash').on(t.keyHash),
      kit.uniqueIndex('api_keys_by_request').on(t.organizationId, t.requestId),
      kit.index('api_keys_revoked').on(t.revokedAt),
    ],
  ),

  /** Client assertions that were used: each is good once. */
  usedAssertions: kit.table(
    'used_assertions',
    {
      clientId: kit.text().notNull(),
      assertionId: kit.text().notNull(),
      expiresAt: kit.instant().notNull(),
    },
    (t) => [
      kit.primaryKey({ columns: [t.clientId, t.assertionId] }),
      kit.index('used_assertions_by_expiry').on(t.expiresAt),
    ],
  ),

  /** The installation's keys for access tokens. A retired one is still published until its last token has expired. */
  signingKeys: kit.table('signing_keys', {
    kid: kit.id().primaryKey(),
    publicKey: kit.json<PublicJwk>().notNull(),
    /** PKCS #8, sealed with the installation's key. */
    privateKey: kit.bytes().notNull(),
    createdAt: kit.instant().notNull(),
    /** From when on it signs; null: since it was made. */
    activeFrom: kit.instant(),
    /** From when on its successor signs. */
    retiredAt: kit.instant(),
    /** When all its tokens became void. */
    withdrawnAt: kit.instant(),
    /** The `kid` before it: each has one successor. */
    replaces: kit.text(),
  }, (t) => [kit.uniqueIndex('signing_keys_by_predecessor').on(t.replaces)]),

  /** Access tokens that were revoked before they expired. */
  revokedTokens: kit.table(
    'revoked_tokens',
    {
      tokenId: kit.id().primaryKey(),
      clientId: kit.text().notNull(),
      expiresAt: kit.instant().notNull(),
    },
    (t) => [kit.index('revoked_tokens_by_expiry').on(t.expiresAt)],
  ),

  /** The link of the first run, which makes the first organization. */
  setupLinks: kit.table('setup_links', {
    /** SHA-256 of the token, base64url. */
    tokenHash: kit.id().primaryKey(),
    createdAt: kit.instant().notNull(),
    expiresAt: kit.instant().notNull(),
    usedAt: kit.instant(),
  }),

  ...personTables(kit),

  ...providerTables(kit),

  /** Who may act for an organization, and as what. */
  members: kit.tenantTable(
    'members',
    {
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      personId: kit.text().notNull(),
      role: kit.text().$type<Role>().notNull(),
      createdAt: kit.instant().notNull(),
      disabledAt: kit.instant(),
    },
    (t) => [
      kit.uniqueIndex('members_by_person').on(t.personId, t.organizationId),
      kit.index('members_by_organization').on(t.organizationId, t.id),
    ],
  ),

  /** The token of an invitation's link is made from its id, and stored nowhere. */
  invitations: kit.tenantTable(
    'invitations',
    {
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      /** As `persons.emailDigest`. */
      emailDigest: kit.text().notNull(),
      /** Sealed with the organization's key. */
      email: kit.bytes().notNull(),
      role: kit.text().$type<Role>().notNull(),
      createdAt: kit.instant().notNull(),
      expiresAt: kit.instant().notNull(),
      acceptedAt: kit.instant(),
      revokedAt: kit.instant(),
    },
    (t) => [
      kit.index('invitations_by_organization').on(t.organizationId, t.id),
      kit.index('invitations_by_address').on(t.organizationId, t.emailDigest),
    ],
  ),

  /** What is to be mailed to a person. Who sends it asks for the content then, and stores none of it. */
  accountMails: kit.table(
    'account_mails',
    {
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      kind: kit.text().$type<MailKind>().notNull(),
      /** JSON of `MailContent`, sealed with the installation's key. */
      content: kit.bytes().notNull(),
      createdAt: kit.instant().notNull(),
      /** From then on its link is of no use. */
      expiresAt: kit.instant().notNull(),
    },
    (t) => [kit.index('account_mails_by_expiry').on(t.expiresAt)],
  ),
}))

export type IdentityTables = typeof schema extends Schema<infer T> ? T : never
