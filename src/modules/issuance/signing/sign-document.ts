import { InvalidDocumentError } from '#platform/credentials/canonicalize.ts'
import { UnknownContextError } from '#platform/credentials/contexts.ts'
import { isJsonObject, type JsonObject } from '#platform/credentials/json.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { OrganizationKeys } from './organization-keys.ts'

/** Signs documents that others made, in the name of organizations that allow it by `VC_API`. */
export function createDocumentSigner({ clients, config }: Pick<IssuanceContext, 'clients' | 'config'>, organizationKeys: OrganizationKeys) {
  return async ({ slug, document, created }: { slug: string; document: string; created: string }): Promise<{ document: string }> => {
    if (config.VC_API?.(slug) !== true) throw new Problem('not-found', 'There is no such organization here.')
    const { id } = await clients.identity.organization({ slug })
    const signer = await organizationKeys.signer(id as OrganizationId)
    const unsigned = JSON.parse(document) as JsonObject
    const { issuer } = unsigned
    const named = { ...unsigned, issuer: isJsonObject(issuer) ? { ...issuer, id: signer.did } : signer.did }
    try {
      return { document: JSON.stringify(await signer.signForeign(named, new Date(created))) }
    } catch (error) {
      if (!(error instanceof InvalidDocumentError || error instanceof UnknownContextError)) throw error
      throw new Problem('validation-failed', 'Correct the credential as errors says and send it again.', {
        extensions: { errors: [{ path: 'credential', message: error.message }] },
      })
    }
  }
}
