import type { DocumentLink } from '#platform/contract.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { ImageForm } from '../contract.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import { type RenderPool, RenderUnavailableError } from '../render/pool.ts'
import type { IssuanceTables } from '../tables.ts'
import { templateVersion } from '../template/templates.ts'
import { credentialBlobs } from './credential-blobs.ts'
import { findCredential, openCredential } from './credential-row.ts'

const files: Readonly<Record<ImageForm, { name: string; mediaType: string }>> = {
  preview: { name: 'preview.png', mediaType: 'image/png' },
  'badge-png': { name: 'badge.png', mediaType: 'image/png' },
  'badge-svg': { name: 'badge.svg', mediaType: 'image/svg+xml' },
}

type CredentialRow = IssuanceTables['credentials']['$inferSelect']

/** Parts of a signed badge that its picture shows. */
type SignedBadge = { issuer: { name: string }; credentialSubject: { achievement: { name: string } } }

/**
 * Pictures of issued credentials: drawn when first asked for, then kept sealed with the recipient's key beside the PDF.
 * What they show and carry never changes, because the signed document does not.
 */
export function createCredentialImages(context: IssuanceContext, pool: RenderPool) {
  const { database, keys, blobs, documents, publicUrl } = context
  const drawing = new Map<string, Promise<void>>()

  async function isKept(blob: string, organizationId: OrganizationId): Promise<boolean> {
    try {
      await blobs.get(blob, organizationId)
      return true
    } catch (error) {
      if (error instanceof Problem && error.code === 'not-found') return false
      throw error
    }
  }

  async function draw(credential: CredentialRow, form: ImageForm): Promise<Uint8Array> {
    const organizationId = credential.organizationId as OrganizationId
    if (form === 'preview') {
      if (credential.certificate === null) throw new Error('An issued credential has no certificate.')
      return pool.draw({ kind: 'preview', pdf: await blobs.get(credential.certificate, organizationId) })
    }
    const { document } = openCredential({ keys }, credential)
    if (document === undefined) throw new Error('An issued credential has no document.')
    const { issuer, credentialSubject: { achievement } } = JSON.parse(document) as SignedBadge
    const { content } = await templateVersion({ database }, credential.templateId, credential.templateVersion)
    return pool.draw({
      kind: 'badge',
      form: form === 'badge-png' ? 'png' : 'svg',
      input: {
        design: content.design,
        achievementName: achievement.name,
        issuerName: issuer.name,
        locale: credential.locale,
        test: !publicUrl.startsWith('https:'),
        credentialJson: document,
      },
    })
  }

  async function make(credentialId: string, organizationId: OrganizationId, form: ImageForm, blob: string): Promise<void> {
    if (await isKept(blob, organizationId)) return
    const found = await findCredential(database, credentialId)
    if (!found) throw new Error('An issued credential is not there.')
    const { recipientId } = found.credential
    await keys.load([recipientId])
    try {
      await blobs.put(blob, organizationId, recipientId, await draw(found.credential, form))
    } catch (error) {
      // Whatever was missing for the picture, the erasure took it, of which another process may have heard and this one not.
      keys.forget(recipientId)
      await keys.load([recipientId]).catch(() => {})
      if (keys.isErased(recipientId))
        throw new Problem('gone', 'The picture was erased together with the person whom it was about.')
      if (error instanceof RenderUnavailableError)
        throw new Problem('unavailable', 'The picture cannot be drawn right now; ask again in a moment.', { cause: error })
      throw error
    }
  }

  return {
    /** A link to the picture; drawn now unless it is kept already. Throws `Problem('gone')` once the person is erased. */
    async link(credentialId: string, organizationId: OrganizationId, form: ImageForm): Promise<DocumentLink> {
      const { name, mediaType } = files[form]
      const blob = `${credentialBlobs(credentialId)}${name}`
      // Many may ask at once, when a link is shared.
      let made = drawing.get(blob)
      if (!made) {
        made = make(credentialId, organizationId, form, blob).finally(() => drawing.delete(blob))
        drawing.set(blob, made)
      }
      await made
      return documents.link({ blob, organizationId, mediaType, fileName: name })
    },
  }
}
