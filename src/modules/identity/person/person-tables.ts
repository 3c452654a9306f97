import type { ColumnKit } from '#platform/database/columns.ts'

/**
 * People who sign in, as better-auth models them (`user`, `account`, `session`, `verification`). What names a person or opens
 * something lies in `sealed`, one JSON object sealed with the installation's key; what is looked up has a keyed digest beside it.
 */
export const personTables = (kit: ColumnKit) => ({
  persons: kit.table(
    'persons',
    {
      id: kit.id().primaryKey(),
      emailDigest: kit.text().notNull(),
      sealed: kit.bytes().notNull(),
      emailVerified: kit.bool().notNull(),
      /** A code of an app is asked for beside the password; null: not. */
      twoFactorEnabled: kit.bool(),
      createdAt: kit.instant().notNull(),
      updatedAt: kit.instant().notNull(),
    },
    (t) => [kit.uniqueIndex('persons_by_email').on(t.emailDigest)],
  ),

  /** How a person proves who they are: a password (its scrypt hash), or an account elsewhere. */
  personAccounts: kit.table(
    'person_accounts',
    {
      id: kit.id().primaryKey(),
      userId: kit.text().notNull(),
      providerId: kit.text().notNull(),
      accountIdDigest: kit.text().notNull(),
      sealed: kit.bytes().notNull(),
      createdAt: kit.instant().notNull(),
      updatedAt: kit.instant().notNull(),
    },
    (t) => [
      kit.uniqueIndex('person_accounts_by_provider').on(t.providerId, t.accountIdDigest),
      kit.index('person_accounts_by_person').on(t.userId),
    ],
  ),

  /** The second factor: the app's secret and the codes for when it is lost, encrypted by better-auth and sealed. */
  personTwoFactors: kit.table(
    'person_two_factors',
    {
      id: kit.id().primaryKey(),
      userId: kit.text().notNull(),
      sealed: kit.bytes().notNull(),
      /** A code of the app was given once: from then on one is asked for. */
      verified: kit.bool().notNull(),
      failedVerificationCount: kit.integer().notNull(),
      lockedUntil: kit.instant(),
      /** Of the latest code that was good: Unix time over 30 s. It and those before it are good no more. */
      usedStep: kit.integer(),
    },
    (t) => [kit.index('person_two_factors_by_person').on(t.userId)],
  ),

  /** WebAuthn credentials: public key, counter and name lie in `sealed`. */
  personPasskeys: kit.table(
    'person_passkeys',
    {
      id: kit.id().primaryKey(),
      userId: kit.text().notNull(),
      /** Of the credential's id, which authenticators choose. */
      credentialDigest: kit.text().notNull(),
      sealed: kit.bytes().notNull(),
      createdAt: kit.instant().notNull(),
      lastUsedAt: kit.instant(),
    },
    (t) => [
      kit.uniqueIndex('person_passkeys_by_credential').on(t.credentialDigest),
      kit.index('person_passkeys_by_person').on(t.userId),
    ],
  ),

  /** Mailed links for a new password: their tokens are made from the ids, and stored nowhere. A row that is gone was used. */
  passwordResets: kit.table(
    'password_resets',
    { id: kit.id().primaryKey(), userId: kit.text().notNull(), expiresAt: kit.instant().notNull() },
    (t) => [kit.index('password_resets_by_person').on(t.userId), kit.index('password_resets_by_expiry').on(t.expiresAt)],
  ),

  /** What authenticators are to sign: keyed digests alone. A row that is gone was used. */
  passkeyChallenges: kit.table(
    'passkey_challenges',
    {
      id: kit.id().primaryKey(),
      /** Of the session or the browser that asked, and of what for. */
      bound: kit.text().notNull(),
      expiresAt: kit.instant().notNull(),
    },
    (t) => [kit.index('passkey_challenges_by_expiry').on(t.expiresAt)],
  ),

  personSessions: kit.table(
    'person_sessions',
    {
      id: kit.id().primaryKey(),
      userId: kit.text().notNull(),
      tokenDigest: kit.text().notNull(),
      /** Stands in access tokens as their client: once it has ended, they are void. */
      grantId: kit.text().notNull(),
      /** The organization's provider that began it; null: the person themselves. */
      providerId: kit.text(),
      sealed: kit.bytes().notNull(),
      /** When it showed both factors: a passkey, or a code beside the password or link. Null: it has not. */
      bothFactorsAt: kit.instant(),
      expiresAt: kit.instant().notNull(),
      createdAt: kit.instant().notNull(),
      updatedAt: kit.instant().notNull(),
    },
    (t) => [
      kit.uniqueIndex('person_sessions_by_token').on(t.tokenDigest),
      kit.index('person_sessions_by_person').on(t.userId),
      kit.index('person_sessions_by_expiry').on(t.expiresAt),
      kit.index('person_sessions_by_provider').on(t.providerId),
    ],
  ),

  /** What access tokens were got with, and is no more; kept for as long as one of them may live. */
  endedGrants: kit.table(
    'ended_grants',
    { grantId: kit.id().primaryKey(), endedAt: kit.instant().notNull() },
    (t) => [kit.index('ended_grants_by_time').on(t.endedAt)],
  ),

  personVerifications: kit.table(
    'person_verifications',
    {
      id: kit.id().primaryKey(),
      identifierDigest: kit.text().notNull(),
      sealed: kit.bytes().notNull(),
      expiresAt: kit.instant().notNull(),
      createdAt: kit.instant().notNull(),
      updatedAt: kit.instant().notNull(),
    },
    (t) => [
      kit.index('person_verifications_by_identifier').on(t.identifierDigest),
      kit.index('person_verifications_by_expiry').on(t.expiresAt),
    ],
  ),

  /** Failures to sign in, by what was tried: the keyed digest of an address, never the address. */
  signInFailures: kit.table(
    'sign_in_failures',
    {
      subject: kit.id().primaryKey(),
      count: kit.integer().notNull(),
      /** When counting begins anew. */
      until: kit.instant().notNull(),
    },
    (t) => [kit.index('sign_in_failures_by_time').on(t.until)],
  ),
})
