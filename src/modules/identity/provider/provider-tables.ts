import type { ColumnKit } from '#platform/database/columns.ts'
import type { Role } from '../contract.ts'

/** Organizations' own OpenID providers, and what came of signing in by them. */
export const providerTables = (kit: ColumnKit) => ({
  /** One for an organization. Another issuer or client is another row: what hangs on the old one ends with it. */
  signInProviders: kit.tenantTable(
    'sign_in_providers',
    {
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      /** Exactly as the provider calls itself. */
      issuer: kit.text().notNull(),
      clientId: kit.text().notNull(),
      /** Sealed with the organization's key. */
      clientSecret: kit.bytes().notNull(),
      /** What somebody becomes who is neither a member nor invited; null: nothing. */
      joinRole: kit.text().$type<Role>(),
      /** Members other than owners get tokens by no other way of signing in. */
      required: kit.bool().notNull(),
      /** Whom it may sign in: the roles that whoever set it could give. */
      permits: kit.json<Role[]>().notNull(),
      createdAt: kit.instant().notNull(),
      changedAt: kit.instant().notNull(),
    },
    (t) => [kit.uniqueIndex('sign_in_providers_by_organization').on(t.organizationId)],
  ),

  /** Domains of e-mail addresses that a provider may sign in. Several organizations may name one: nobody proves that it is theirs. */
  signInDomains: kit.tenantTable(
    'sign_in_domains',
    {
      organizationId: kit.text().notNull(),
      domain: kit.text().notNull(),
    },
    (t) => [kit.primaryKey({ columns: [t.organizationId, t.domain] }), kit.index('sign_in_domains_by_domain').on(t.domain)],
  ),

  /** Which member a subject of a provider is. Without the member it means nothing. */
  signInLinks: kit.tenantTable(
    'sign_in_links',
    {
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      providerId: kit.text().notNull(),
      /** Keyed digest of `sub`, which may be an address. */
      subjectDigest: kit.text().notNull(),
      memberId: kit.text().notNull(),
      createdAt: kit.instant().notNull(),
    },
    (t) => [
      kit.uniqueIndex('sign_in_links_by_subject').on(t.providerId, t.subjectDigest),
      kit.uniqueIndex('sign_in_links_by_member').on(t.providerId, t.memberId),
    ],
  ),

  /** Somebody was sent to a provider, and is not back. */
  signInFlows: kit.table(
    'sign_in_flows',
    {
      /** SHA-256 of `state`, base64url. */
      id: kit.id().primaryKey(),
      providerId: kit.text().notNull(),
      /** SHA-256 of the cookie of the browser that began, base64url. */
      browserHash: kit.text().notNull(),
      /** JSON of the nonce and the code verifier, sealed with the installation's key. */
      sealed: kit.bytes().notNull(),
      expiresAt: kit.instant().notNull(),
    },
    (t) => [kit.index('sign_in_flows_by_expiry').on(t.expiresAt)],
  ),
})
