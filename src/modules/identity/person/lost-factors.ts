import { and, eq } from 'drizzle-orm'
import { Problem } from '#platform/problem.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { SecurityMails } from '../mail/security-mails.ts'
import type { Sessions } from '../session/sessions.ts'
import { emailDigest, personKey } from './sealed-record.ts'

/** Help for who has lost their only second factor, by whoever runs the installation and is convinced that it is them. */
export interface LostFactors {
  /**
   * Takes away the app with its recovery codes, and the passkeys if that is said; ends all sessions, and tells the person by mail. They sign in by
   * password or link, and may set another. Repeated, it changes nothing. Answers what they have now. @throws {Problem} `not-found`
   */
  reset(email: string, which: { readonly passkeys: boolean }): Promise<{ personId: string; passkeys: number }>
}

export function createLostFactors(
  { database, keys }: Pick<IdentityContext, 'database' | 'keys'>,
  { sessions, securityMails }: { sessions: Sessions; securityMails: SecurityMails },
): LostFactors {
  const { persons, personTwoFactors, personPasskeys } = database.tables
  return {
    async reset(email, which) {
      await keys.load([personKey])
      return database.transaction(async (tx) => {
        const [person] = await tx.select().from(persons).where(eq(persons.emailDigest, emailDigest(keys, email)))
        if (!person) throw new Problem('not-found', 'Check the address: nobody has an account with it.')
        const personId = person.id
        await tx.delete(personTwoFactors).where(eq(personTwoFactors.userId, personId))
        const [app] = await tx.update(persons).set({ twoFactorEnabled: null }).where(and(eq(persons.id, personId), eq(persons.twoFactorEnabled, true))).returning({ id: persons.id })
        const ofPerson = eq(personPasskeys.userId, personId)
        const removed = which.passkeys ? await tx.delete(personPasskeys).where(ofPerson).returning({ id: personPasskeys.id }) : []
        if (app || removed.length > 0) {
          await sessions.endAllOf(tx, personId)
          for (const { id } of removed) await tx.audit({ organizationId: personKey, action: 'passkey.removed', target: id, details: { person: personId } })
          await tx.audit({ organizationId: personKey, action: 'person.second-factor-reset', target: personId, details: { app: app ? 'removed' : 'none', passkeys: removed.length } })
          await securityMails.write(tx, personId, 'second-factor-reset')
        }
        return { personId, passkeys: await tx.$count(personPasskeys, ofPerson) }
      })
    },
  }
}
