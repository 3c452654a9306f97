import { and, eq, gt, lt } from 'drizzle-orm'
import { timingSafeEqual } from 'node:crypto'
import { uuidv7 } from 'uuidv7'
import type { Transaction } from '#platform/database/database.ts'
import { Problem } from '#platform/problem.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { AccountMails } from '../mail/account-mails.ts'
import type { SecurityMails } from '../mail/security-mails.ts'
import type { Sessions } from '../session/sessions.ts'
import type { IdentityTables } from '../tables.ts'
import type { Persons } from './persons.ts'
import { openRecord, personKey, sealRecord } from './sealed-record.ts'

type Tx = Transaction<IdentityTables>

/** New passwords, for who has one: an account elsewhere is no way to one. */
export interface Passwords {
  /** Ends all sessions but this one. */
  change(who: { readonly personId: string; readonly sessionId: string }, password: string): Promise<void>
  /** Mails a link to who has a password, and says nothing of whether there is anybody. */
  mailReset(email: string, locale: string): Promise<void>
  /** Whether the link works still. */
  isOpen(token: string): Promise<boolean>
  /** Uses the link, and all others of that person; ends all their sessions and begins none. @throws {Problem} `gone` for a link that was used or is too old */
  reset(token: string, password: string): Promise<void>
}

export interface PasswordParts {
  readonly persons: Persons
  readonly sessions: Sessions
  readonly mails: AccountMails
  readonly securityMails: SecurityMails
  readonly hashPassword: (password: string) => Promise<string>
  /** Of which none are counted any more. */
  readonly forgiveAttempts: (email: string) => Promise<void>
}

/** That a mailed link for a new password works. */
export const resetMinutes = 30

export function createPasswords(
  { database, keys, publicUrl, now }: Pick<IdentityContext, 'database' | 'keys' | 'publicUrl' | 'now'>,
  { persons, sessions, mails, securityMails, hashPassword, forgiveAttempts }: PasswordParts,
): Passwords {
  const { personAccounts, passwordResets } = database.tables
  const ofPerson = (personId: string) => and(eq(personAccounts.userId, personId), eq(personAccounts.providerId, 'credential'))
  // The link holds the row's id and its keyed digest: nothing that opens anything is stored.
  const proofOf = (id: string): string => keys.digest(personKey, 'password reset', id)

  async function write(tx: Tx, personId: string, hash: string): Promise<void> {
    const [account] = await tx.select().from(personAccounts).where(ofPerson(personId))
    if (!account) throw new Problem('state-refused', 'Sign in as you do: this account has no password.')
    const record = { ...openRecord(keys, 'person_accounts', account.id, account.sealed), password: hash }
    await tx.update(personAccounts).set({ sealed: sealRecord(keys, 'person_accounts', account.id, record), updatedAt: now() }).where(eq(personAccounts.id, account.id))
    // A link that was mailed before is no way back to the old state.
    const open = await tx.delete(passwordResets).where(eq(passwordResets.userId, personId)).returning({ id: passwordResets.id })
    await mails.withdraw(tx, open.map(({ id }) => id))
    await tx.audit({ organizationId: personKey, action: 'person.password-changed', target: personId })
    await securityMails.write(tx, personId, 'password-changed')
  }

  async function rowOf(token: string) {
    const [id = '', proof = ''] = token.split('.')
    await keys.load([personKey])
    const [right, given] = [Buffer.from(proofOf(id)), Buffer.from(proof)]
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined
    const [row] = await database.read.select().from(passwordResets).where(and(eq(passwordResets.id, id), gt(passwordResets.expiresAt, now())))
    return row
  }

  return {
    async change({ personId, sessionId }, password) {
      const hash = await hashPassword(password)
      await keys.load([personKey])
      await database.transaction(async (tx) => {
        await write(tx, personId, hash)
        await sessions.endOthers(tx, personId, sessionId)
      })
    },

    async mailReset(email, locale) {
      const person = await persons.findByEmail(email)
      const [account] = person ? await database.read.select({ id: personAccounts.id }).from(personAccounts).where(ofPerson(person.id)) : []
      if (!person || !account) return
      const id = uuidv7()
      const expiresAt = new Date(now().getTime() + resetMinutes * 60_000)
      const writeMail = await mails.prepare({
        id, kind: 'password-reset', email: person.email, name: person.name, locale, link: `${publicUrl}/sign-in/reset/${id}.${proofOf(id)}`, expiresAt,
      })
      await database.transaction(async (tx) => {
        await tx.delete(passwordResets).where(lt(passwordResets.expiresAt, now()))
        await tx.insert(passwordResets).values({ id, userId: person.id, expiresAt })
        await writeMail(tx)
        await tx.audit({ organizationId: personKey, action: 'person.password-reset-asked', target: person.id })
      })
    },

    isOpen: async (token) => (await rowOf(token)) !== undefined,

    async reset(token, password) {
      const row = await rowOf(token)
      if (!row) throw gone()
      const hash = await hashPassword(password)
      // Making the hash takes its time.
      await keys.load([personKey])
      await database.transaction(async (tx) => {
        const taken = await tx.delete(passwordResets).where(eq(passwordResets.id, row.id)).returning({ id: passwordResets.id })
        if (taken.length === 0) throw gone()
        await mails.withdraw(tx, [row.id])
        await write(tx, row.userId, hash)
        await sessions.endAllOf(tx, row.userId)
        await tx.audit({ organizationId: personKey, action: 'person.password-reset', target: row.userId })
      })
      const person = (await persons.find([row.userId])).get(row.userId)
      if (person) await forgiveAttempts(person.email)
    },
  }
}

const gone = () => new Problem('gone', 'Ask for another link: this one was used, or is too old.')
