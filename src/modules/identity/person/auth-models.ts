import type { SecurityChange } from '../contract.ts'
import type { IdentityTables } from '../tables.ts'

type Fields = Readonly<Record<string, unknown>>

/** What a change that better-auth makes means for the audit (`person.{change}`), and for the person, who gets a mail. */
export function securityChangeOf(model: string, before: Fields, update: Fields): SecurityChange | undefined {
  if (model === 'user' && 'twoFactorEnabled' in update && Boolean(update.twoFactorEnabled) !== Boolean(before.twoFactorEnabled)) {
    return update.twoFactorEnabled ? 'second-factor-set' : 'second-factor-removed'
  }
  // With a secret they are of an app that is only being set up.
  if (model === 'twoFactor' && 'backupCodes' in update && !('secret' in update)) return 'recovery-codes-renewed'
  return undefined
}

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
