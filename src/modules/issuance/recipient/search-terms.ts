import { placeholder } from 'drizzle-orm'
import { searchDigests } from '#platform/crypto/search-digests.ts'
import type { KeyRing } from '#platform/crypto/key-ring-types.ts'
import type { Transaction } from '#platform/database/database.ts'
import { preparedQuery } from '#platform/database/prepared.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { IssuanceTables, PersonalData } from '../tables.ts'

const insertTerm = preparedQuery<IssuanceTables, { organizationId: string; term: string; recipientId: string }>()(
  (queries, { searchTerms }) =>
    queries
      .insert(searchTerms)
      .values({
        organizationId: placeholder('organizationId'),
        term: placeholder('term'),
        recipientId: placeholder('recipientId'),
      })
      .onConflictDoNothing())

/** Writes down by which words a recipient can be found: keyed digests, removed when the person is erased. */
export async function writeSearchTerms(
  tx: Transaction<IssuanceTables>,
  keys: KeyRing,
  organizationId: OrganizationId,
  recipientId: string,
  { name, email }: PersonalData,
): Promise<void> {
  for (const term of new Set(searchDigests(keys, organizationId, [name, email])))
    await tx.run(insertTerm, { organizationId, term, recipientId })
}
