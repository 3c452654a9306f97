import { and, desc, eq, lt, type SQL } from 'drizzle-orm'
import { queryDigests } from '#platform/crypto/search-digests.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import { ofWhomAllStandFor } from '../recipient/search-words.ts'
import type { PersonalData } from '../tables.ts'
import { viewUrl } from './public-id.ts'
import { openCredential } from './credential-row.ts'
import type { CredentialState } from './state.ts'

export interface CredentialFilter {
  readonly state?: CredentialState | undefined
  readonly batchId?: string | undefined
  /** Whole words, or beginnings of three letters and more, of the recipient's name or address. */
  readonly query?: string | undefined
  readonly after?: string | undefined
  readonly limit: number
}

export interface CredentialView {
  readonly id: string
  readonly state: CredentialState
  readonly publicUrl: string
  readonly documentUrl: string
  /** Null once the recipient is erased. */
  readonly recipient: (PersonalData & { readonly id: string; readonly locale: string }) | null
  readonly achievement: { readonly id: string; readonly name: string }
  readonly template: { readonly id: string; readonly version: number }
  readonly batchId: string | null
  readonly completedOn: string | null
  readonly createdAt: string
  readonly issuedAt: string | null
}

/** The rows of a page, newest first. */
export function pageOf({ read, tables: { credentials, achievements } }: IssuanceContext['database'], conditions: readonly SQL[], limit: number) {
  return read
    .select({ credential: credentials, achievement: { id: achievements.id, name: achievements.name } })
    .from(credentials)
    .innerJoin(achievements, eq(achievements.id, credentials.achievementId))
    .where(and(...conditions))
    .orderBy(desc(credentials.id))
    .limit(limit)
}

async function select(context: IssuanceContext, conditions: readonly SQL[], limit: number): Promise<CredentialView[]> {
  const { database, keys, publicUrl } = context
  const rows = await pageOf(database, conditions, limit)
  await keys.load(rows.map(({ credential }) => credential.recipientId))
  return rows.map(({ credential, achievement }) => ({
    id: credential.id,
    state: credential.state,
    publicUrl: viewUrl(publicUrl, credential.publicId),
    documentUrl: `${publicUrl}/credentials/${credential.documentId}`,
    recipient: keys.isErased(credential.recipientId)
      ? null
      : {
          id: credential.recipientId,
          ...openCredential({ keys }, { ...credential, document: null }).personal,
          locale: credential.locale,
        },
    achievement,
    template: { id: credential.templateId, version: credential.templateVersion },
    batchId: credential.batchId,
    completedOn: credential.completedOn,
    createdAt: credential.createdAt.toISOString(),
    issuedAt: credential.issuedAt?.toISOString() ?? null,
  }))
}

/** Newest first. `next` is the id to give as `after` for the following page. */
export async function listCredentials(
  context: IssuanceContext,
  organizationId: OrganizationId,
  { state, batchId, query, after, limit }: CredentialFilter,
): Promise<{ credentials: CredentialView[]; next: string | null }> {
  const { credentials } = context.database.tables
  await context.keys.load([organizationId])
  const conditions: SQL[] = [eq(credentials.organizationId, organizationId)]
  if (state) conditions.push(eq(credentials.state, state))
  if (batchId) conditions.push(eq(credentials.batchId, batchId))
  if (after) conditions.push(lt(credentials.id, after))
  if (query !== undefined && query.trim() !== '') {
    const words = queryDigests(context.keys, organizationId, query)
    const found = words.length > 0 ? await ofWhomAllStandFor(context.database, organizationId, words) : undefined
    if (!found) return { credentials: [], next: null }
    conditions.push(found)
  }
  const found = await select(context, conditions, limit + 1)
  const page = found.slice(0, limit)
  return { credentials: page, next: found.length > limit ? (page.at(-1)?.id ?? null) : null }
}

/** Throws `Problem('not-found')`, for another organization's too. */
export async function getCredential(
  context: IssuanceContext,
  organizationId: OrganizationId,
  id: string,
): Promise<CredentialView> {
  const { credentials } = context.database.tables
  const [found] = await select(context, [eq(credentials.organizationId, organizationId), eq(credentials.id, id)], 1)
  if (!found) throw new Problem('not-found', 'There is no credential with this id; GET /v1/credentials lists them.')
  return found
}
