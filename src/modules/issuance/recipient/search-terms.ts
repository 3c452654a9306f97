import { searchDigests } from '#platform/crypto/search-digests.ts'
import type { KeyRing } from '#platform/crypto/key-ring-types.ts'
import type { Transaction } from '#platform/database/database.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { IssuanceTables, PersonalData } from '../tables.ts'

/** Writes down by which words a recipient can be found: keyed digests, removed when the person is erased. */
export async function writeSearchTerms(
  tx: Transaction<IssuanceTables>,
  keys: KeyRing,
  organizationId: OrganizationId,
  recipientId: string,
  { name, email }: PersonalData,
): Promise<void> {
  const terms = new Set(searchDigests(keys, organizationId, [name, email]))
  if (terms.size === 0) return
  await tx
    .insert(tx.tables.searchTerms)
    .values([...terms].map((term) => ({ organizationId, term, recipientId })))
    .onConflictDoNothing()
}
