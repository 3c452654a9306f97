import { eq } from 'drizzle-orm'
import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { OrganizationId } from '#platform/organization-id.ts'
import { defineStep, Refused, type StepRunner } from '#platform/work/step.ts'
import { credentialIssued } from '../events.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { OrganizationProfiles } from '../organization-profiles.ts'
import { RenderInputError } from '../render/input.ts'
import type { RenderPool } from '../render/pool.ts'
import type { IssuanceTables } from '../tables.ts'
import { templateVersion } from '../template/templates.ts'
import { findCredential, openCredential } from './credential-row.ts'
import { transition } from './state.ts'

/** Prints one signed credential; with the PDF stored it is issued, and everyone is told. */
export const printCredential = defineStep({
  kind: 'print-credential',
  input: z.object({ credentialId: z.string() }),
  leaseMs: 60_000,
  concurrency: 32,
})

export type PrintInput = z.output<typeof printCredential.input>

/** The blob of a credential's PDF. */
export const certificateBlob = (credentialId: string): string => `credentials/${credentialId}/certificate.pdf`

/** Where people look at a credential: it shows the current version. */
export const viewUrl = (publicUrl: string, publicId: string): string => `${publicUrl}/v/${publicId}`

export function createPrintRunner(
  { database, keys, blobs, publicUrl, now }: IssuanceContext,
  profiles: OrganizationProfiles,
  pool: RenderPool,
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
      design: template.content.design,
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
      const { credentials } = tx.tables
      const [row] = await tx
        .select({ state: credentials.state })
        .from(credentials)
        .where(eq(credentials.id, credentialId))
      const change = row && transition(row.state, 'issue')
      if (!change?.ok || change.state === row?.state) return
      await tx.update(credentials).set({ state: change.state, issuedAt, abandonedAt: null }).where(eq(credentials.id, credentialId))
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
