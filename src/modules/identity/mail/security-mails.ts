import { eq } from 'drizzle-orm'
import { currentContext } from '#platform/context.ts'
import type { Transaction } from '#platform/database/database.ts'
import type { SecurityChange } from '../contract.ts'
import type { IdentityContext } from '../identity-context.ts'
import { openRecord } from '../person/sealed-record.ts'
import type { IdentityTables } from '../tables.ts'
import type { AccountMails } from './account-mails.ts'

/** Later nobody needs to be told: so long a mail server may be away. */
const lifetimeMs = 7 * 86_400_000

/** Tells people, at the address of their account, that how they sign in was changed: it may have been somebody else. */
export interface SecurityMails {
  /** In the transaction of the change, whose caller has loaded `personKey`: it goes out once that is committed, and not without it. */
  write(tx: Transaction<IdentityTables>, personId: string, change: SecurityChange): Promise<void>
}

export function createSecurityMails({ database, keys, publicUrl, now }: Pick<IdentityContext, 'database' | 'keys' | 'publicUrl' | 'now'>, mails: AccountMails): SecurityMails {
  const { persons } = database.tables
  return {
    async write(tx, personId, change) {
      const [row] = await tx.select().from(persons).where(eq(persons.id, personId))
      if (!row) return
      const { email, name } = openRecord(keys, 'persons', row.id, row.sealed) as { email: string; name: string }
      await mails.write(tx, {
        kind: 'security-change', change, changedAt: now().toISOString(), email, name,
        locale: currentContext().language ?? 'en', expiresAt: new Date(now().getTime() + lifetimeMs),
        ...(change !== 'account-deleted' && { link: `${publicUrl}/account` }),
      })
    },
  }
}
