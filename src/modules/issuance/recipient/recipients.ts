import { and, eq, inArray } from 'drizzle-orm'
import { uuidv7 } from 'uuidv7'
import type { Queries, Transaction } from '#platform/database/database.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { IssuanceTables } from '../tables.ts'

/**
 * Recipients' ids come from identity in reservations, each with its data key, so that accepting a credential asks nobody.
 * An address takes the next id of the reservation in the transaction that accepts its first credential.
 */
export interface Recipients {
  /** The keyed digest by which an address is known. The organization's key must be loaded. */
  emailDigest(organizationId: OrganizationId, email: string): string
  /**
   * Before the transaction: finds who is known, reserves ids for the others, and loads all their keys.
   * @param emails normalized
   */
  prepare(organizationId: OrganizationId, emails: readonly string[]): Promise<PreparedRecipients>
}

export interface PreparedRecipients {
  /** In the transaction: writes the new ones. Answers the recipient's id of every digest. */
  write(tx: Transaction<IssuanceTables>): Promise<ReadonlyMap<string, string>>
}

/** Thrown when somebody else recorded one of the addresses in between: prepare again. */
export class RecipientsChanged extends Error {}

/** Grows with use: who issues one credential a year needs no five hundred keys. */
const FIRST_RESERVATION = 16
const LARGEST_RESERVATION = 500
const LOOKUP = 200

/** Reserved ids of one organization that nobody has taken yet. */
interface Store {
  readonly held: string[]
  next: number
  filling: Promise<void> | undefined
}

export function createRecipients({ clients, database, keys, now }: IssuanceContext): Recipients {
  const stores = new Map<string, Store>()

  async function known(queries: Queries, organizationId: OrganizationId, digests: readonly string[]): Promise<Map<string, string>> {
    const { recipients } = database.tables
    const found = new Map<string, string>()
    for (let at = 0; at < digests.length; at += LOOKUP) {
      const rows = await queries
        .select({ id: recipients.id, digest: recipients.emailDigest })
        .from(recipients)
        .where(and(eq(recipients.organizationId, organizationId), inArray(recipients.emailDigest, digests.slice(at, at + LOOKUP))))
      for (const row of rows) if (row.digest !== null) found.set(row.digest, row.id)
    }
    return found
  }

  /** Ids that nobody else gets: taken from what is held, and reserved anew when that is not enough. */
  async function take(organizationId: OrganizationId, count: number): Promise<string[]> {
    let store = stores.get(organizationId)
    if (!store) stores.set(organizationId, (store = { held: [], next: FIRST_RESERVATION, filling: undefined }))
    while (store.held.length < count) {
      // All who wait share one reservation: each minting its own would make keys by the thousand.
      store.filling ??= fill(organizationId, store, count).finally(() => (store.filling = undefined))
      await store.filling
    }
    return store.held.splice(0, count)
  }

  async function fill(organizationId: OrganizationId, store: Store, least: number): Promise<void> {
    const size = Math.min(Math.max(store.next, least), LARGEST_RESERVATION)
    const reservation = { organizationId, reservationId: uuidv7(), count: size }
    const { recipientIds } = await clients.identity.reserveRecipients(reservation)
    store.held.push(...recipientIds)
    store.next = Math.min(size * 4, LARGEST_RESERVATION)
  }

  return {
    emailDigest: (organizationId, email) => keys.digest(organizationId, 'recipient-email', email),

    async prepare(organizationId, emails) {
      const digests = [...new Set(emails.map((email) => this.emailDigest(organizationId, email)))]
      const ids = await known(database.read, organizationId, digests)
      const missing = digests.filter((digest) => !ids.has(digest))
      const fresh = new Map<string, string>()
      for (const id of await take(organizationId, missing.length)) {
        const digest = missing[fresh.size]
        if (digest !== undefined) fresh.set(digest, id)
      }
      await keys.load([...ids.values(), ...fresh.values()])
      // The key is gone and the news of it is on its way here; then the address is a stranger's again.
      if ([...ids.values()].some((id) => keys.isErased(id)))
        throw new Problem('unavailable', 'This recipient is being erased; send the request again in a second.', { retryAfterSeconds: 1 })
      return {
        async write(tx) {
          if (fresh.size > 0) {
            const createdAt = now()
            const written = await tx
              .insert(tx.tables.recipients)
              // In one order, so that two who write the same people wait for each other and do not deadlock.
              .values([...fresh].sort(([a], [b]) => (a < b ? -1 : 1)).map(([emailDigest, id]) => ({ id, organizationId, emailDigest, createdAt })))
              .onConflictDoNothing({ target: [tx.tables.recipients.organizationId, tx.tables.recipients.emailDigest] })
              .returning({ id: tx.tables.recipients.id })
            if (written.length < fresh.size) throw new RecipientsChanged()
          }
          return new Map([...ids, ...fresh])
        },
      }
    },
  }
}
