import { and, eq, inArray, placeholder } from 'drizzle-orm'
import { uuidv7 } from 'uuidv7'
import type { Transaction } from '#platform/database/database.ts'
import { preparedQuery } from '#platform/database/prepared.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { IssuanceTables } from '../tables.ts'

/**
 * Recipients' ids come from identity in reservations, each with its data key, so that accepting a credential asks nobody.
 * An address takes the next id of the reservation in the transaction that accepts its first credential.
 */
export interface Recipients {
  /**
   * Before the transaction: finds who is known, reserves ids for the others, and loads all their keys. The organization's key
   * must be loaded.
   * @param emails normalized
   */
  prepare(organizationId: OrganizationId, emails: readonly string[]): Promise<PreparedRecipients>
}

export interface PreparedRecipients {
  /** The recipient of each address, in their order. */
  readonly ids: readonly string[]
  /** In the transaction: writes the new ones down. Throws {@link RecipientsChanged}. */
  write(tx: Transaction<IssuanceTables>): Promise<void>
}

/** Thrown when somebody else recorded one of the addresses in between: prepare again. */
export class RecipientsChanged extends Error {}

/** Grows with use: who issues one credential a year needs no five hundred keys. */
const FIRST_RESERVATION = 16
const LARGEST_RESERVATION = 128
/** What the contract allows. */
const MOST_AT_ONCE = 500
const LOOKUP = 200

/** Reserved ids of one organization that nobody has taken yet. */
interface Store {
  readonly held: string[]
  /** How many are reserved the next time. */
  size: number
  filling: Promise<void> | undefined
}

const recipientOf = preparedQuery<IssuanceTables, { organizationId: string; digest: string }>()((queries, { recipients }) =>
  queries
    .select({ id: recipients.id })
    .from(recipients)
    .where(and(
      eq(recipients.organizationId, placeholder('organizationId')),
      eq(recipients.emailDigest, placeholder('digest')),
    )))

const insertRecipient = preparedQuery<
  IssuanceTables,
  { id: string; organizationId: string; emailDigest: string; createdAt: Date }
>()((queries, { recipients }) =>
  queries
    .insert(recipients)
    .values({
      id: placeholder('id'),
      organizationId: placeholder('organizationId'),
      emailDigest: placeholder('emailDigest'),
      createdAt: placeholder('createdAt'),
    })
    .onConflictDoNothing({ target: [recipients.organizationId, recipients.emailDigest] }))

export function createRecipients({ clients, database, keys, log, now }: IssuanceContext): Recipients {
  const stores = new Map<string, Store>()

  async function known(organizationId: OrganizationId, digests: readonly string[]): Promise<Map<string, string>> {
    const found = new Map<string, string>()
    if (digests.length === 1) {
      const [digest] = digests as [string]
      const [row] = await database.run(recipientOf, { organizationId, digest })
      if (row) found.set(digest, row.id)
      return found
    }
    const { recipients } = database.tables
    for (let at = 0; at < digests.length; at += LOOKUP) {
      const rows = await database.read
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
    if (!store) stores.set(organizationId, (store = { held: [], size: FIRST_RESERVATION, filling: undefined }))
    while (store.held.length < count) await fill(organizationId, store, count)
    const taken = store.held.splice(0, count)
    // Who comes next need not wait. One that fails is tried again by whoever does.
    if (taken.length > 0 && store.held.length < store.size / 2)
      fill(organizationId, store, 1).catch((error: unknown) => log.debug({ err: error }, 'recipients could not be reserved ahead'))
    return taken
  }

  /** All who wait share one reservation: each minting its own would make keys by the thousand. */
  function fill(organizationId: OrganizationId, store: Store, least: number): Promise<void> {
    store.filling ??= reserve(organizationId, store, least).finally(() => (store.filling = undefined))
    return store.filling
  }

  async function reserve(organizationId: OrganizationId, store: Store, least: number): Promise<void> {
    const count = Math.min(Math.max(store.size, least), MOST_AT_ONCE)
    const { recipientIds } = await clients.identity.reserveRecipients({ organizationId, reservationId: uuidv7(), count })
    // All at once is much less work than one by one, when they are needed.
    await keys.load(recipientIds)
    store.held.push(...recipientIds)
    store.size = Math.min(store.size * 2, LARGEST_RESERVATION)
  }

  return {
    async prepare(organizationId, emails) {
      const digests = emails.map((email) => keys.digest(organizationId, 'recipient-email', email))
      const different = [...new Set(digests)]
      const ids = await known(organizationId, different)
      // In one order, so that two who write the same people wait for each other and do not deadlock.
      const missing = different.filter((digest) => !ids.has(digest)).sort()
      const reserved = await take(organizationId, missing.length)
      const fresh = missing.map((emailDigest, at) => ({ emailDigest, id: reserved[at]! }))
      await keys.load([...ids.values(), ...fresh.map(({ id }) => id)])
      // The key is gone and the news of it is on its way here; then the address is a stranger's again.
      if ([...ids.values()].some((id) => keys.isErased(id)))
        throw new Problem('unavailable', 'This recipient is being erased; send the request again in a second.', { retryAfterSeconds: 1 })
      for (const { id, emailDigest } of fresh) ids.set(emailDigest, id)
      return {
        ids: digests.map((digest) => ids.get(digest)!),
        async write(tx) {
          const createdAt = now()
          for (const { id, emailDigest } of fresh) {
            const { rowCount } = await tx.run(insertRecipient, { id, organizationId, emailDigest, createdAt })
            if (rowCount !== 1) throw new RecipientsChanged()
          }
        },
      }
    },
  }
}
