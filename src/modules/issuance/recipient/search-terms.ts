import { placeholder } from 'drizzle-orm'
import { searchDigests } from '#platform/crypto/search-digests.ts'
import type { KeyRing } from '#platform/crypto/key-ring-types.ts'
import type { Transaction } from '#platform/database/database.ts'
import { preparedQuery } from '#platform/database/prepared.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { IssuanceTables, PersonalData } from '../tables.ts'

/** A person has some twenty terms; a statement for so many rows costs little more than one for a single row. */
const STATEMENT_ROWS = [8, 16, 24, 32, 64]
const LARGEST = STATEMENT_ROWS.at(-1)!

const insertTerms = new Map(STATEMENT_ROWS.map((rows) => [
  rows,
  preparedQuery<IssuanceTables, Record<string, string>>()((queries, { searchTerms }) =>
    queries
      .insert(searchTerms)
      .values(Array.from({ length: rows }, (_, at) => ({
        organizationId: placeholder('organizationId'),
        term: placeholder(`term${at}`),
        recipientId: placeholder('recipientId'),
      })))
      .onConflictDoNothing()),
]))

/** Writes down by which words a recipient can be found: keyed digests, removed when the person is erased. */
export async function writeSearchTerms(
  tx: Transaction<IssuanceTables>,
  keys: KeyRing,
  organizationId: OrganizationId,
  recipientId: string,
  { name, email }: PersonalData,
): Promise<void> {
  // In one order, so that two who write the same person’s terms wait for each other and do not deadlock.
  const terms = [...new Set(searchDigests(keys, organizationId, [name, email]))].sort()
  for (let start = 0; start < terms.length; start += LARGEST) {
    const some = terms.slice(start, start + LARGEST)
    const rows = STATEMENT_ROWS.find((size) => size >= some.length)!
    const values: Record<string, string> = { organizationId, recipientId }
    // A statement has a fixed number of rows: the last term stands in for those that are not needed.
    for (let at = 0; at < rows; at++) values[`term${at}`] = some[at] ?? some.at(-1)!
    await tx.run(insertTerms.get(rows)!, values)
  }
}
