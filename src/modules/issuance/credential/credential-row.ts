import { eq } from 'drizzle-orm'
import { KeyErased } from '#platform/crypto/key-ring-types.ts'
import type { Database } from '#platform/database/database.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { IssuanceTables, PersonalData } from '../tables.ts'

/** Where the sealed parts of a credential's row live. */
export const credentialPlace = (organizationId: OrganizationId, column: 'personal' | 'document', credentialId: string) => ({
  organizationId,
  table: 'credentials',
  column,
  row: credentialId,
})

/** A credential with its achievement, or undefined. */
export async function findCredential({ read, tables }: Database<IssuanceTables>, credentialId: string) {
  const { credentials, achievements } = tables
  const [row] = await read
    .select({ credential: credentials, achievement: achievements })
    .from(credentials)
    .innerJoin(achievements, eq(achievements.id, credentials.achievementId))
    .where(eq(credentials.id, credentialId))
  return row
}

/** Opens the signed credential and the personal part; throws `KeyErased` once the recipient is erased. */
export function openCredential(
  { keys }: Pick<IssuanceContext, 'keys'>,
  credential: IssuanceTables['credentials']['$inferSelect'],
): { personal: PersonalData; document: string | undefined } {
  const organizationId = credential.organizationId as OrganizationId
  if (keys.isErased(credential.recipientId)) throw new KeyErased(credential.recipientId)
  const open = (column: 'personal' | 'document', sealed: Uint8Array): string =>
    keys.openText(credentialPlace(organizationId, column, credential.id), sealed)
  return {
    personal: JSON.parse(open('personal', credential.personal)) as PersonalData,
    document: credential.document === null ? undefined : open('document', credential.document),
  }
}
