import type { IdentityTables } from '../tables.ts'

/** What a change of one of these means, for the audit. */
export const auditedChanges: readonly { readonly model: string; readonly field: string; readonly action: (value: unknown) => string }[] = [
  { model: 'user', field: 'twoFactorEnabled', action: (value) => (value ? 'person.second-factor-set' : 'person.second-factor-removed') },
  { model: 'account', field: 'password', action: () => 'person.password-changed' },
]

/** How one of better-auth's models is kept. */
export interface AuthModel {
  readonly table: keyof IdentityTables & ('persons' | 'personAccounts' | 'personSessions' | 'personTwoFactors' | 'personVerifications')
  /** Its name in the database: part of the place that a value is sealed for. */
  readonly name: string
  /** Columns of their own. */
  readonly clear: readonly string[]
  /** Sealed, and looked up by the digest in `{field}Digest`. Whatever is in neither list is sealed. */
  readonly looked: readonly string[]
}

export const authModels: Readonly<Record<string, AuthModel>> = {
  user: { table: 'persons', name: 'persons', clear: ['id', 'emailVerified', 'twoFactorEnabled', 'createdAt', 'updatedAt'], looked: ['email'] },
  account: { table: 'personAccounts', name: 'person_accounts', clear: ['id', 'userId', 'providerId', 'createdAt', 'updatedAt'], looked: ['accountId'] },
  twoFactor: {
    table: 'personTwoFactors',
    name: 'person_two_factors',
    clear: ['id', 'userId', 'verified', 'failedVerificationCount', 'lockedUntil'],
    looked: [],
  },
  session: { table: 'personSessions', name: 'person_sessions', clear: ['id', 'userId', 'providerId', 'expiresAt', 'createdAt', 'updatedAt'], looked: ['token'] },
  verification: { table: 'personVerifications', name: 'person_verifications', clear: ['id', 'expiresAt', 'createdAt', 'updatedAt'], looked: ['identifier'] },
}
