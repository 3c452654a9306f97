import { eq, placeholder, type SQL } from 'drizzle-orm'
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { preparedQuery } from '#platform/database/prepared.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { defineStep, Refused, type StepRunner } from '#platform/work/step.ts'
import { credentialIssued } from '../events.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { OrganizationProfiles } from '../organization-profiles.ts'
import { RenderInputError } from '../render/input.ts'
import type { RenderPool } from '../render/pool.ts'
import type { IssuanceTables } from '../tables.ts'
import type { OwnDesigns } from '../template/own-designs.ts'
import { templateVersion } from '../template/templates.ts'
import { findCredential, openCredential, nextState } from './credential-row.ts'
import { type CredentialState, transition } from './state.ts'

/** Prints one signed credential; with the PDF stored it is issued, and everyone is told. */
export const printCredential = defineStep({
  kind: 'print-credential',
  input: z.object({ credentialId: z.string() }),
  leaseMs: 60_000,
  concurrency: 12,
})

export type PrintInput = z.output<typeof printCredential.input>

/** The folder of a credential's files. */
export const credentialBlobs = (credentialId: string): string => `credentials/${credentialId}/`

/** The blob of a credential's PDF. */
export const certificateBlob = (credentialId: string): string => `${credentialBlobs(credentialId)}certificate.pdf`

/** Where people look at a credential: it shows the current version. */
export const viewUrl = (publicUrl: string, publicId: string): string => `${publicUrl}/v/${publicId}`

const storeIssued = preparedQuery<IssuanceTables, { id: string; state: CredentialState; issuedAt: Date }>()(
  (queries, { credentials }) =>
    queries
      .update(credentials)
      .set({
        state: placeholder('state') as unknown as SQL,
        issuedAt: placeholder('issuedAt') as unknown as SQL,
        abandonedAt: null,
      })
      .where(eq(credentials.id, placeholder('id'))))

export function createPrintRunner(
  { database, keys, blobs, publicUrl, now }: IssuanceContext,
  profiles: OrganizationProfiles,
  pool: RenderPool,
  ownDesigns: OwnDesigns,
): StepRunner<PrintInput, IssuanceTables> {
  return async ({ organizationId, input: { credentialId } }) => {
    const found = await findCredential(database, credentialId)
    if (!found) throw new Error('The credential of this step is not there.')
    const { credential, achievement } = found
    const next = transition(credential.state, 'issue')
    if (!next.ok || next.state === credential.state) return undefined
    await keys.load([organizationId, credential.recipientId])
    if (keys.isErased(credential.recipientId)) return undefined
    const { personal, document } = openCredential({ keys }, credential)
    if (document === undefined || credential.signedAt === null) throw new Error('A signed credential has no document.')
    const [issuer, template] = await Promise.all([
      profiles.of(organizationId),
      templateVersion({ database }, credential.templateId, credential.templateVersion),
    ])
    const test = !publicUrl.startsWith('https:')
    const rendered = pool.render({
      design: ownDesigns.forRendering(organizationId, template.content.design),
      values: {
        recipientName: personal.name,
        achievementName: achievement.name,
        issuerName: issuer.name,
        ...(template.content.statement !== undefined && { statement: template.content.statement }),
        ...(credential.completedOn !== null && { completedOn: credential.completedOn }),
        issuedOn: credential.signedAt.toISOString().slice(0, 10),
      },
      locale: credential.locale,
      verifyUrl: viewUrl(publicUrl, credential.publicId),
      credentialJson: document,
      documentId: credential.documentId,
      title: achievement.name,
      test,
    })
    const pdf = await rendered.catch((error: unknown) => {
      throw error instanceof RenderInputError ? new Refused('The credential holds what cannot be printed.', { cause: error }) : error
    })
    await blobs.put(certificateBlob(credentialId), organizationId, credential.recipientId, pdf)
    const issuedAt = now()
    const salt = randomBytes(32).toString('base64url')
    return async (tx) => {
      const state = await nextState(tx, credentialId, 'issue')
      if (state === undefined) return
      await tx.run(storeIssued, { id: credentialId, state, issuedAt })
      await tx.publish(credentialIssued, credential.organizationId as OrganizationId, {
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
