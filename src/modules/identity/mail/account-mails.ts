import { and, eq, gt, inArray, lt } from 'drizzle-orm'
import { uuidv7 } from 'uuidv7'
import type { Transaction } from '#platform/database/database.ts'
import { installation, type OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { AccountMail } from '../contract.ts'
import { mailRequested } from '../events.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { IdentityTables } from '../tables.ts'

type Tx = Transaction<IdentityTables>

export interface NewMail extends Omit<AccountMail, 'expiresAt'> {
  /** Of what it is about, to withdraw it by; absent: a new one. */
  readonly id?: string
  readonly organizationId?: OrganizationId | undefined
  readonly expiresAt: Date
}

/** Mails to people who sign in. Another module sends them: it is told by `mail.requested`, and asks for the content when it does. */
export interface AccountMails {
  /** What writes it in a transaction. */
  prepare(mail: NewMail): Promise<(tx: Tx) => Promise<void>>
  /** In a transaction whose caller has loaded the installation's key; of no organization. */
  write(tx: Tx, mail: Omit<NewMail, 'organizationId'>): Promise<void>
  /** What was not sent yet is not sent. */
  withdraw(tx: Tx, ids: readonly string[]): Promise<void>
  /** Throws `gone` once it is withdrawn or its link has expired. */
  find(id: string): Promise<AccountMail>
}

export function createAccountMails({ database, keys, now }: Pick<IdentityContext, 'database' | 'keys' | 'now'>): AccountMails {
  const { accountMails } = database.tables
  function sealed({ id = uuidv7(), organizationId = installation, expiresAt, ...rest }: NewMail) {
    const content = keys.seal(installation, placeOf(id), JSON.stringify({ ...rest, expiresAt: expiresAt.toISOString() }))
    return async (tx: Tx) => {
      await tx.delete(accountMails).where(lt(accountMails.expiresAt, now()))
      await tx.insert(accountMails).values({ id, organizationId, kind: rest.kind, content, createdAt: now(), expiresAt })
      await tx.publish(mailRequested, organizationId, { mailId: id })
    }
  }

  return {
    async prepare(mail) {
      await keys.load([installation, mail.organizationId ?? installation])
      return sealed(mail)
    },

    write: (tx, mail) => sealed(mail)(tx),

    async withdraw(tx, ids) {
      if (ids.length > 0) await tx.delete(accountMails).where(inArray(accountMails.id, [...ids]))
    },

    async find(id) {
      const [row] = await database.read.select().from(accountMails).where(and(eq(accountMails.id, id), gt(accountMails.expiresAt, now())))
      if (!row) throw new Problem('gone', 'This mail was withdrawn, or its link is too old.')
      await keys.load([installation])
      return JSON.parse(keys.openText(placeOf(id), row.content)) as AccountMail
    },
  }
}

const placeOf = (id: string) => ({ organizationId: installation, table: 'account_mails', column: 'content', row: id })
