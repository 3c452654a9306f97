import { and, eq, placeholder, type SQL } from 'drizzle-orm'
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { freeNow } from '#platform/blobs/free-now.ts'
import { preparedQuery } from '#platform/database/prepared.ts'
import { type ClaimedStep, defineStep, Refused, type StepGivenUp, type StepRunner } from '#platform/work/step.ts'
import { achievementUri } from '../achievement/achievements.ts'
import { credentialIssued } from '../events.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { OrganizationProfiles } from '../organization-profiles.ts'
import { writeSearchWords } from '../recipient/search-words.ts'
import { RenderInputError } from '../render/input.ts'
import type { RenderPool } from '../render/pool.ts'
import type { OrganizationKeys } from '../signing/organization-keys.ts'
import type { IssuanceTables, PersonalData } from '../tables.ts'
import type { OwnDesigns } from '../template/own-designs.ts'
import { templateVersion } from '../template/templates.ts'
import { deleteFiles, newCertificateBlob } from './credential-blobs.ts'
import { credentialPlace, findCredential } from './credential-row.ts'
import type { AchievementType } from './open-badge.ts'
import { viewUrl } from './public-id.ts'
import { type CredentialState, transition } from './state.ts'

/**
 * Signs and prints one accepted credential, in one worker; with document and PDF stored it is issued, and everyone is told.
 * Its `validFrom` is the time of signing.
 */
export const issueCredential = defineStep({
  kind: 'issue-credential',
  input: z.object({ credentialId: z.string() }),
  leaseMs: 60_000,
  concurrency: 24,
})

export type IssueInput = z.output<typeof issueCredential.input>

/** Nothing brings the credential further until its step is driven again: whoever waits for it need not. */
export const createAbandon = ({ now }: Pick<IssuanceContext, 'now'>): StepGivenUp<IssueInput, IssuanceTables> =>
  async ({ input: { credentialId } }) =>
    async (tx) => {
      const { credentials } = tx.tables
      await tx.update(credentials).set({ abandonedAt: now() }).where(eq(credentials.id, credentialId))
    }

const storeIssued = preparedQuery<
  IssuanceTables,
  { id: string; from: CredentialState; to: CredentialState; document: Uint8Array; certificate: string; signedAt: Date; issuedAt: Date }
>()((queries, { credentials }) =>
  queries
    .update(credentials)
    .set({
      state: placeholder('to') as unknown as SQL,
      document: placeholder('document') as unknown as SQL,
      certificate: placeholder('certificate') as unknown as SQL,
      signedAt: placeholder('signedAt') as unknown as SQL,
      issuedAt: placeholder('issuedAt') as unknown as SQL,
      abandonedAt: null,
    })
    .where(and(eq(credentials.id, placeholder('id')), eq(credentials.state, placeholder('from'))))
    .returning({ id: credentials.id }))

/** An attempt before this one may have printed, and ended before its commit. */
const wasTriedBefore = ({ attempts, starts }: ClaimedStep): boolean => attempts > 0 || starts > 1

export function createIssueRunner(
  { database, keys, blobs, publicUrl, now }: IssuanceContext,
  profiles: OrganizationProfiles,
  organizationKeys: OrganizationKeys,
  pool: RenderPool,
  ownDesigns: OwnDesigns,
): StepRunner<IssueInput, IssuanceTables> {
  const test = !publicUrl.startsWith('https:')

  return async (step) => {
    const { organizationId, input: { credentialId } } = step
    const found = await findCredential(database, credentialId)
    if (!found) throw new Error('The credential of this step is not there.')
    const { credential, achievement } = found
    const next = transition(credential.state, 'issue')
    // Revoked before it was issued, or issued already: nothing is left to do.
    if (!next.ok || next.state === credential.state) return undefined
    // Whoever printed them has lost the step, so none of them will ever stand in the row.
    if (wasTriedBefore(step)) await deleteFiles(blobs, credentialId)
    await keys.load([organizationId, credential.recipientId])
    if (keys.isErased(credential.recipientId)) return undefined
    const place = credentialPlace(organizationId, 'personal', credentialId)
    const personal = JSON.parse(keys.openText(place, credential.personal)) as PersonalData
    const [issuer, signer, template] = await Promise.all([
      profiles.of(organizationId),
      organizationKeys.signer(organizationId),
      templateVersion({ database }, credential.templateId, credential.templateVersion),
    ])
    // Whole seconds: what the credential says is what is stored.
    const signedAt = new Date(Math.floor(now().getTime() / 1_000) * 1_000)
    const sign = {
      key: signer.key,
      badge: {
        publicUrl,
        credentialId: credential.documentId,
        issuer: { did: signer.did, name: issuer.name, url: issuer.url },
        validFrom: signedAt,
        recipient: { ...personal, salt: randomBytes(16).toString('base64url') },
        achievement: {
          id: achievementUri(achievement.id),
          name: achievement.name,
          description: achievement.description,
          criteria: achievement.criteria,
          achievementType: achievement.achievementType as AchievementType,
        },
        completedOn: credential.completedOn ?? undefined,
        status: {
          revocation: { listId: credential.statusListId, index: credential.statusIndex },
          ...(credential.suspensionListId !== null && {
            suspension: { listId: credential.suspensionListId, index: credential.statusIndex },
          }),
        },
        test,
      },
    }
    const { document, pdf } = await pool.signAndRender(sign, {
      design: ownDesigns.forRendering(organizationId, template.content.design),
      values: {
        recipientName: personal.name,
        achievementName: achievement.name,
        issuerName: issuer.name,
        ...(template.content.statement !== undefined && { statement: template.content.statement }),
        ...(credential.completedOn !== null && { completedOn: credential.completedOn }),
        issuedOn: signedAt.toISOString().slice(0, 10),
      },
      locale: credential.locale,
      verifyUrl: viewUrl(publicUrl, credential.publicId),
      documentId: credential.documentId,
      title: achievement.name,
      test,
    }, { urgent: credential.batchId === null }).catch((error: unknown) => {
      throw error instanceof RenderInputError ? new Refused('The credential holds what cannot be printed.', { cause: error }) : error
    })
    const certificate = newCertificateBlob(credentialId)
    await blobs.put(certificate, organizationId, credential.recipientId, pdf)
    freeNow(pdf)
    const issuedAt = now()
    const salt = randomBytes(32).toString('base64url')
    // Printing may have taken longer than a key is kept.
    await keys.load([organizationId, credential.recipientId])
    return async (tx) => {
      const sealed = keys.seal(credential.recipientId, credentialPlace(organizationId, 'document', credentialId), document)
      const stored = { id: credentialId, to: next.state, document: sealed, certificate, signedAt, issuedAt }
      const written = await tx.run(storeIssued, { ...stored, from: credential.state })
      // Revoked in the meantime.
      if (written.length === 0) return
      await writeSearchWords(tx, keys, organizationId, credential.recipientId, personal)
      await tx.publish(credentialIssued, organizationId, {
        credentialId,
        publicId: credential.publicId,
        recipientId: credential.recipientId,
        documentId: credential.documentId,
        ...(credential.batchId !== null && { batchId: credential.batchId }),
        document,
        recipientName: personal.name,
        recipientEmail: personal.email,
        locale: credential.locale,
        achievementName: achievement.name,
        issuerName: issuer.name,
        issuedAt: issuedAt.toISOString(),
        test,
        salt,
        notify: credential.notify,
      })
    }
  }
}
