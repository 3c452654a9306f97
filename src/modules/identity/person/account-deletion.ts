import { eq } from 'drizzle-orm'
import { Problem } from '#platform/problem.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { AccountMails } from '../mail/account-mails.ts'
import type { SecurityMails } from '../mail/security-mails.ts'
import type { Invitations } from '../membership/invitations.ts'
import type { Members } from '../membership/members.ts'
import type { Sessions } from '../session/sessions.ts'
import { openRecord, personKey } from './sealed-record.ts'

export interface AccountDeletion {
  /**
   * All of an account at once: name and address, password, app, passkeys, sessions, memberships, and old invitations of the address, which may register
   * again. What the audit tells of the person's id stays. The person is told by a last mail.
   * @throws {Problem} `state-refused`, as `Members.leaveAll`; `not-found` when it was deleted already
   */
  delete(personId: string): Promise<void>
}

export interface AccountDeletionParts {
  readonly sessions: Sessions
  readonly members: Members
  readonly invitations: Pick<Invitations, 'forget'>
  readonly mails: AccountMails
  readonly securityMails: SecurityMails
}

export function createAccountDeletion(
  { database, keys }: Pick<IdentityContext, 'database' | 'keys'>,
  { sessions, members, invitations, mails, securityMails }: AccountDeletionParts,
): AccountDeletion {
  const { persons, personAccounts, personTwoFactors, personPasskeys, passwordResets } = database.tables
  return {
    async delete(personId) {
      await keys.load([personKey])
      await database.transaction(async (tx) => {
        const [row] = await tx.select().from(persons).where(eq(persons.id, personId))
        if (!row) throw new Problem('not-found', 'This account was deleted before.')
        const { email } = openRecord(keys, 'persons', row.id, row.sealed) as { email: string }
        await members.leaveAll(tx, personId)
        await securityMails.write(tx, personId, 'account-deleted')
        await sessions.endAllOf(tx, personId)
        const resets = await tx.delete(passwordResets).where(eq(passwordResets.userId, personId)).returning({ id: passwordResets.id })
        await mails.withdraw(tx, resets.map(({ id }) => id))
        for (const table of [personAccounts, personTwoFactors, personPasskeys]) await tx.delete(table).where(eq(table.userId, personId))
        await invitations.forget(tx, email)
        await tx.delete(persons).where(eq(persons.id, personId))
        await tx.audit({ organizationId: personKey, action: 'person.deleted', target: personId })
      })
    },
  }
}
