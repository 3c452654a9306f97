import { eq, placeholder } from 'drizzle-orm'
import { KeyErased } from '#platform/crypto/key-ring-types.ts'
import type { Database, Transaction } from '#platform/database/database.ts'
import { preparedQuery } from '#platform/database/prepared.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { IssuanceTables, PersonalData } from '../tables.ts'
import { type CredentialCommand, type CredentialState, transition } from './state.ts'

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

const stateById = preparedQuery<IssuanceTables, { id: string }>()((queries, { credentials }) =>
  queries.select({ state: credentials.state }).from(credentials).where(eq(credentials.id, placeholder('id'))))

/** The state that a command leads to from the one that stands now; undefined: it is refused, or changes nothing. */
export async function nextState(
  tx: Transaction<IssuanceTables>,
  credentialId: string,
  command: CredentialCommand,
): Promise<CredentialState | undefined> {
  const [row] = await tx.run(stateById, { id: credentialId })
  const change = row && transition(row.state, command)
  return change?.ok && change.state !== row?.state ? change.state : undefined
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
