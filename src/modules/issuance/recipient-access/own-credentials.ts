import { eq, lt, ne } from 'drizzle-orm'
import { pageOf } from '../credential/credential-queries.ts'
import { ofRecipients } from '../recipient/search-words.ts'
import type { CredentialState } from '../credential/state.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { RecipientSession } from './recipient-sessions.ts'

/** A credential as its recipient sees it. */
export interface OwnCredential {
  readonly id: string
  readonly publicId: string
  /** Never `cancelled`: nobody was told of it. */
  readonly state: CredentialState
  readonly achievement: string
  readonly issuedAt: Date | null
  readonly completedOn: string | null
  readonly changedAt: Date | null
  readonly isSigned: boolean
  readonly isPrinted: boolean
}

const PAGE = 20

/** All of a recipient's, newest first. `next` is to be given as `after`. */
export async function ownCredentials(
  { database }: Pick<IssuanceContext, 'database'>,
  { organizationId, recipientId }: Pick<RecipientSession, 'organizationId' | 'recipientId'>,
  after: string | undefined,
): Promise<{ credentials: OwnCredential[]; next: string | undefined }> {
  const { credentials } = database.tables
  const conditions = [eq(credentials.organizationId, organizationId), ofRecipients(database, [recipientId]), ne(credentials.state, 'cancelled')]
  if (after !== undefined) conditions.push(lt(credentials.id, after))
  const rows = await pageOf(database, conditions, PAGE + 1)
  const shown = rows.slice(0, PAGE)
  return {
    credentials: shown.map(({ credential: { id, publicId, state, issuedAt, completedOn, changedAt, document, certificate }, achievement }) =>
      ({ id, publicId, state, achievement: achievement.name, issuedAt, completedOn, changedAt, isSigned: document !== null, isPrinted: certificate !== null })),
    next: rows.length > PAGE ? shown.at(-1)!.credential.id : undefined,
  }
}
