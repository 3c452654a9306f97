import { and, desc, eq, ne, placeholder, type SQL } from 'drizzle-orm'
import { uuidv7 } from 'uuidv7'
import { preparedQuery } from '#platform/database/prepared.ts'
import { confirmErasure } from '#platform/erasure/confirm-erasure.ts'
import type { EventHandler } from '#platform/module.ts'
import { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { recipientErased } from '#modules/identity/index.ts'
import type { credentialIssued, credentialReinstated, credentialRevoked, credentialSuspended } from '#modules/issuance/index.ts'
import type { Appender } from '../log/appender.ts'
import { credentialLeaf } from '../log/leaf.ts'
import { addLeaf } from '../log/log-store.ts'
import type { ProjectedStatus, VerificationTables } from '../tables.ts'
import type { VerificationContext } from '../verification-context.ts'
import { claimsOf } from './claims.ts'

export type CredentialRow = VerificationTables['credentials']['$inferSelect']

/** The sealed part of a projected credential. */
export interface ProjectedCredential {
  /** The signed credential, byte for byte. */
  readonly document: string
  /** Hides the leaf: docs/decisions/0030. */
  readonly salt: string
  readonly recipientName: string
  readonly locale: string
  readonly achievementName: string
  readonly issuerName: string
  readonly test: boolean
}

const place = (organizationId: OrganizationId, credentialId: string) =>
  ({ organizationId, table: 'credentials', column: 'content', row: credentialId })

type NewRow = Pick<
  CredentialRow,
  'id' | 'organizationId' | 'recipientId' | 'publicId' | 'documentId' | 'achievementId' | 'content' | 'status' | 'issuedAt'
>

// All run for every credential.
const insertCredential = preparedQuery<VerificationTables, NewRow>()((queries, { credentials }) =>
  queries
    .insert(credentials)
    .values({
      id: placeholder('id'), organizationId: placeholder('organizationId'), recipientId: placeholder('recipientId'),
      publicId: placeholder('publicId'), documentId: placeholder('documentId'), achievementId: placeholder('achievementId'),
      content: placeholder('content'), status: placeholder('status'), issuedAt: placeholder('issuedAt'),
    })
    .onConflictDoNothing({ target: credentials.id })
    .returning({ id: credentials.id }))

const supersedeOthers = preparedQuery<VerificationTables, { id: string; publicId: string; at: Date }>()((queries, { credentials }) =>
  queries
    .update(credentials)
    .set({ status: 'superseded', statusChangedAt: placeholder('at') as unknown as SQL })
    .where(and(eq(credentials.publicId, placeholder('publicId')), ne(credentials.id, placeholder('id')), eq(credentials.status, 'active'))))

const insertAchievement = preparedQuery<VerificationTables, { id: string; organizationId: string; name: string }>()((queries, { achievements }) =>
  queries
    .insert(achievements)
    .values({ id: placeholder('id'), organizationId: placeholder('organizationId'), name: placeholder('name') })
    .onConflictDoNothing({ target: [achievements.organizationId, achievements.id] }))

/** Keeps the credential and adds its leaf to those that wait for a place in the log. */
export function createIssuedHandler(
  { keys }: VerificationContext,
  appender: Pick<Appender, 'ring'>,
): EventHandler<VerificationTables, typeof credentialIssued> {
  return async ({ id: eventId, organizationId, data }) => {
    const { credentialId, publicId, recipientId, documentId } = data
    await keys.load([recipientId])
    if (keys.isErased(recipientId)) return undefined
    const credential = JSON.parse(data.document)
    const leaf = credentialLeaf(credential, data.salt)
    const achievementId = claimsOf(credential).achievement.id ?? null
    const { document, salt, recipientName, locale, achievementName, issuerName, test } = data
    const content: ProjectedCredential = { document, salt, recipientName, locale, achievementName, issuerName, test }
    const row = {
      id: credentialId,
      organizationId,
      recipientId,
      publicId,
      documentId,
      achievementId,
      content: keys.seal(recipientId, place(organizationId, credentialId), JSON.stringify(content)),
      status: 'active' as const,
      issuedAt: new Date(data.issuedAt),
    }
    return async (tx) => {
      const added = await tx.run(insertCredential, row)
      if (achievementId !== null) await tx.run(insertAchievement, { id: achievementId, organizationId, name: achievementName })
      // Versions of one public id come in their order: the one before has been superseded by this.
      if (added.length > 0) await tx.run(supersedeOthers, { id: credentialId, publicId, at: row.issuedAt })
      await addLeaf(tx, { eventId, credentialId, organizationId, leaf, arrival: uuidv7() })
      appender.ring()
    }
  }
}

type StatusEvent = typeof credentialRevoked | typeof credentialSuspended | typeof credentialReinstated

/** Keeps the status for the time when issuance does not answer. Revocation is for ever. */
export const createStatusHandler = (status: ProjectedStatus): EventHandler<VerificationTables, StatusEvent> => async ({ data }) =>
  async (tx) => {
    const { credentials } = tx.tables
    await tx
      .update(credentials)
      .set({ status, statusChangedAt: new Date(data.at) })
      .where(and(eq(credentials.id, data.credentialId), ne(credentials.status, 'revoked')))
  }

/** The row and the leaf stay; what they held of a person went with the key. */
export function createEraser({ keys, now }: VerificationContext): EventHandler<VerificationTables, typeof recipientErased> {
  return async ({ id: cause, organizationId, data: { recipientId } }) => {
    keys.forget(recipientId)
    return async (tx) => {
      const { credentials } = tx.tables
      const erased = await tx
        .update(credentials)
        .set({ content: new Uint8Array(0), erasedAt: now() })
        .where(eq(credentials.recipientId, recipientId))
        .returning({ id: credentials.id })
      await confirmErasure(tx, { cause, organizationId, recipientId, removed: { credentials: erased.length } })
    }
  }
}

/** The current version behind an address for people. Throws `Problem`: not-found. */
export async function currentCredential({ database }: VerificationContext, publicId: string): Promise<CredentialRow> {
  const { credentials } = database.tables
  const [row] = await database.read
    .select()
    .from(credentials)
    .where(eq(credentials.publicId, publicId))
    .orderBy(desc(credentials.issuedAt), desc(credentials.id))
    .limit(1)
  return row ?? unknown()
}

/** One version, by the UUID of its own address. Throws `Problem`: not-found. */
export async function credentialVersion({ database }: VerificationContext, documentId: string): Promise<CredentialRow> {
  const { credentials } = database.tables
  const [row] = await database.read.select().from(credentials).where(eq(credentials.documentId, documentId))
  return row ?? unknown()
}

/** Opens the sealed part. Throws `Problem('gone')` once the recipient is erased. */
export async function openProjected({ keys }: VerificationContext, row: CredentialRow): Promise<ProjectedCredential> {
  if (row.erasedAt === null) await keys.load([row.recipientId])
  if (row.erasedAt !== null || keys.isErased(row.recipientId)) {
    throw new Problem('gone', 'This credential was erased at the request of the person it was about; only their own copy can still be checked.')
  }
  const organizationId = OrganizationId.parse(row.organizationId)
  return JSON.parse(keys.openText(place(organizationId, row.id), row.content)) as ProjectedCredential
}

function unknown(): never {
  throw new Problem('not-found', 'There is no credential at this address; check that it was copied whole.')
}
