import { and, eq, notInArray, placeholder } from 'drizzle-orm'
import { KeyErased } from '#platform/crypto/key-ring-types.ts'
import type { Database } from '#platform/database/database.ts'
import { preparedQuery } from '#platform/database/prepared.ts'
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

const byId = preparedQuery<IssuanceTables, { id: string }>()((queries, { credentials, achievements }) =>
  queries
    .select({ credential: credentials, achievement: achievements })
    .from(credentials)
    .innerJoin(achievements, eq(achievements.id, credentials.achievementId))
    .where(eq(credentials.id, placeholder('id'))))

/** A credential with its achievement, or undefined. */
export async function findCredential(database: Database<IssuanceTables>, credentialId: string) {
  const [row] = await database.run(byId, { id: credentialId })
  return row
}

const finalById = preparedQuery<IssuanceTables, { id: string }>()((queries, { credentials }) =>
  queries
    .select({
      state: credentials.state,
      organizationId: credentials.organizationId,
      changedAt: credentials.changedAt,
      certificate: credentials.certificate,
    })
    .from(credentials)
    .where(and(eq(credentials.id, placeholder('id')), notInArray(credentials.state, ['accepted', 'cancelled']))))

/** Where an issued credential stands, and the blob of its PDF: null where it was revoked before it was issued. */
export async function findFinal(database: Database<IssuanceTables>, credentialId: string) {
  const [row] = await database.run(finalById, { id: credentialId })
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
