import { and, count, desc, eq, placeholder } from 'drizzle-orm'
import { randomInt, randomUUID } from 'node:crypto'
import type { Transaction } from '#platform/database/database.ts'
import { preparedQuery } from '#platform/database/prepared.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import { forgetOldest } from '../organization-profiles.ts'
import type { OrganizationKeys } from '../signing/organization-keys.ts'
import type { IssuanceTables, StatusPurpose } from '../tables.ts'
import { createBitstring, setBit, STATUS_LIST_SIZE } from './bitstring.ts'
import { buildStatusListCredential } from './status-list-credential.ts'
import { createTurns } from './turns.ts'

/** Places for new credentials in one pair of lists. */
export interface ReservedPlaces {
  readonly revocationListId: string
  readonly suspensionListId: string
  /**
   * An index at random, which somebody may have already: the unique index over list and index says so, and then another is
   * drawn. None is ever given back.
   */
  draw(): number
}

/** W3C Bitstring Status List 1.0: one pair of lists (revocation, suspension) at a time takes an organization's new credentials. */
export interface StatusLists {
  reserve(organizationId: OrganizationId, places: number): Promise<ReservedPlaces>
  /** One change of a list at a time in this process: two at once would sign it twice, and one in vain. */
  inTurn<R>(listId: string, work: () => Promise<R>): Promise<R>
  /**
   * Signs the list with the bit changed, and hands what writes it to a transaction. When another writer came between, the
   * transaction throws `StatusListChanged`: begin again.
   */
  change(listId: string, index: number, value: boolean): Promise<(tx: Transaction<IssuanceTables>) => Promise<void>>
  /** The signed list as it is served. Throws `Problem('not-found')`. */
  document(listId: string): Promise<string>
}

export class StatusListChanged extends Error {}

// Indexes are drawn at random, so a list is left when half is taken: a draw then still succeeds at the second try.
const CAPACITY = STATUS_LIST_SIZE / 2
// Between two counts of the taken indexes in the database.
const COUNT_EVERY = 2_000

// Runs for every verification.
const documentOfList = preparedQuery<IssuanceTables, { id: string }>()((queries, { statusLists }) =>
  queries.select({ document: statusLists.document }).from(statusLists).where(eq(statusLists.id, placeholder('id'))))

export function createStatusLists(
  { database, publicUrl, now }: IssuanceContext,
  organizationKeys: OrganizationKeys,
): StatusLists {
  interface Pair {
    revocationListId: string
    suspensionListId: string
    taken: number
    sinceCount: number
  }
  const current = new Map<string, Promise<Pair>>()

  async function signed(
    organizationId: OrganizationId,
    id: string,
    purpose: StatusPurpose,
    bits: Uint8Array,
    at: Date,
  ): Promise<string> {
    const signer = await organizationKeys.signer(organizationId)
    const unsigned = buildStatusListCredential({ publicUrl, listId: id, issuer: signer.did, purpose, bits, validFrom: at })
    return JSON.stringify(await signer.sign(unsigned, at))
  }

  async function newPair(organizationId: OrganizationId): Promise<Pair> {
    const at = now()
    const ids = { revocation: randomUUID(), suspension: randomUUID() }
    const bits = createBitstring()
    const rows = await Promise.all(
      (['revocation', 'suspension'] as const).map(async (purpose) => ({
        id: ids[purpose],
        organizationId,
        purpose,
        pairId: ids.revocation,
        bits,
        version: 1,
        document: await signed(organizationId, ids[purpose], purpose, bits, at),
        createdAt: at,
        updatedAt: at,
      })),
    )
    await database.transaction(async (tx) => {
      await tx.insert(tx.tables.statusLists).values(rows)
    })
    return { revocationListId: ids.revocation, suspensionListId: ids.suspension, taken: 0, sinceCount: 0 }
  }

  async function newestPair(organizationId: OrganizationId): Promise<Pair> {
    const { statusLists, credentials } = database.tables
    const [newest] = await database.read
      .select({ pairId: statusLists.pairId })
      .from(statusLists)
      .where(and(eq(statusLists.organizationId, organizationId), eq(statusLists.purpose, 'revocation')))
      .orderBy(desc(statusLists.createdAt))
      .limit(1)
    if (!newest) return newPair(organizationId)
    const pair = await database.read
      .select({ id: statusLists.id, purpose: statusLists.purpose })
      .from(statusLists)
      .where(eq(statusLists.pairId, newest.pairId))
    const suspension = pair.find(({ purpose }) => purpose === 'suspension')
    if (!suspension) throw new Error('A revocation list has no suspension list beside it.')
    const [counted] = await database.read
      .select({ taken: count() })
      .from(credentials)
      .where(eq(credentials.statusListId, newest.pairId))
    return {
      revocationListId: newest.pairId,
      suspensionListId: suspension.id,
      taken: Number(counted?.taken ?? 0),
      sinceCount: 0,
    }
  }

  async function pairFor(organizationId: OrganizationId, places: number): Promise<Pair> {
    for (;;) {
      let found = current.get(organizationId)
      if (!found) {
        found = newestPair(organizationId)
        current.set(organizationId, found)
        forgetOldest(current)
        found.catch(() => current.delete(organizationId))
      }
      const pair = await found
      if (pair.taken + places > CAPACITY) {
        // Concurrent callers that see the same full pair make one new pair between them.
        if (current.get(organizationId) === found) {
          const next = newPair(organizationId)
          current.set(organizationId, next)
          next.catch(() => current.delete(organizationId))
        }
        continue
      }
      pair.taken += places
      pair.sinceCount += places
      if (pair.sinceCount >= COUNT_EVERY) current.delete(organizationId)
      return pair
    }
  }

  return {
    inTurn: createTurns(),

    async reserve(organizationId, places) {
      const { revocationListId, suspensionListId } = await pairFor(organizationId, places)
      return {
        revocationListId,
        suspensionListId,
        draw: () => randomInt(STATUS_LIST_SIZE),
      }
    },

    async change(listId, index, value) {
      const { statusLists } = database.tables
      const [list] = await database.read.select().from(statusLists).where(eq(statusLists.id, listId))
      if (!list) throw new Error(`There is no status list ${listId}.`)
      const at = now()
      const bits = setBit(list.bits, index, value)
      const document = await signed(list.organizationId as OrganizationId, listId, list.purpose, bits, at)
      return async (tx) => {
        const changed = await tx
          .update(tx.tables.statusLists)
          .set({ bits, document, version: list.version + 1, updatedAt: at })
          .where(and(eq(tx.tables.statusLists.id, listId), eq(tx.tables.statusLists.version, list.version)))
          .returning({ id: tx.tables.statusLists.id })
        if (changed.length === 0) throw new StatusListChanged()
      }
    },

    async document(listId) {
      const [list] = await database.run(documentOfList, { id: listId })
      if (!list) throw new Problem('not-found', 'There is no status list at this address.')
      return list.document
    },
  }
}
