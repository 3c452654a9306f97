import { eq, inArray } from 'drizzle-orm'
import { uuidv7 } from 'uuidv7'
import type { Transaction } from '#platform/database/database.ts'
import { Problem } from '#platform/problem.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { IdentityTables } from '../tables.ts'
import { emailDigest, lookupDigest, normalizedEmail, openRecord, personKey, sealRecord } from './sealed-record.ts'

export interface Person {
  readonly id: string
  readonly email: string
  readonly name: string
}

export interface NewPerson {
  readonly email: string
  readonly name: string
  /** Absent: they sign in by their organization's provider, or by a mailed link, and nobody but the provider says that the address is theirs. */
  readonly passwordHash?: string
}

/** People who sign in. Recipients of credentials are none of them. */
export interface Persons {
  find(ids: readonly string[]): Promise<Map<string, Person>>
  findByEmail(email: string): Promise<Person | undefined>
  /** Somebody whose address is known to be theirs, if they have a password. `write` throws `already-exists` for an address that somebody has. */
  prepareNew(person: NewPerson): Promise<{ id: string; write: (tx: Transaction<IdentityTables>) => Promise<void> }>
}

export function createPersons({ database, keys, now }: Pick<IdentityContext, 'database' | 'keys' | 'now'>): Persons {
  const { persons, personAccounts } = database.tables

  const present = ({ id, sealed }: IdentityTables['persons']['$inferSelect']): Person => {
    const { email, name } = openRecord(keys, 'persons', id, sealed) as { email: string; name: string }
    return { id, email, name }
  }

  return {
    async find(ids) {
      if (ids.length === 0) return new Map()
      await keys.load([personKey])
      const rows = await database.read.select().from(persons).where(inArray(persons.id, [...ids]))
      return new Map(rows.map((row) => [row.id, present(row)]))
    },

    async findByEmail(email) {
      await keys.load([personKey])
      const [row] = await database.read.select().from(persons).where(eq(persons.emailDigest, emailDigest(keys, email)))
      return row && present(row)
    },

    async prepareNew({ name, passwordHash, ...given }) {
      await keys.load([personKey])
      const email = normalizedEmail(given.email)
      const [id, accountId, at] = [uuidv7(), uuidv7(), now()]
      const times = { createdAt: at, updatedAt: at }
      const person = {
        id, ...times,
        emailDigest: emailDigest(keys, email),
        emailVerified: passwordHash !== undefined,
        sealed: sealRecord(keys, 'persons', id, { email, name }),
      }
      const account = {
        id: accountId, ...times,
        userId: id,
        providerId: 'credential',
        accountIdDigest: lookupDigest(keys, 'account.accountId', id),
        sealed: sealRecord(keys, 'person_accounts', accountId, { accountId: id, password: passwordHash }),
      }
      return {
        id,
        async write(tx) {
          const written = await tx.insert(persons).values(person).onConflictDoNothing({ target: persons.emailDigest }).returning({ id: persons.id })
          if (written.length === 0) throw new Problem('already-exists', 'Somebody has an account with this address; sign in with it.')
          if (passwordHash !== undefined) await tx.insert(personAccounts).values(account)
          await tx.audit({ organizationId: personKey, action: 'person.created', target: id })
        },
      }
    },
  }
}
