import type { OrganizationId } from '../organization-id.ts'

/**
 * A module's own files, sealed with a subject's data key before they leave the process. Names are made of ids
 * (`credentials/{id}/certificate.pdf`), never of people's names.
 */
export interface Blobs {
  /** Durable and atomic when it resolves; the same name may be written again. Loads the subject's key itself. */
  put(name: string, organizationId: OrganizationId, subject: string, content: Uint8Array): Promise<void>
  /** Throws `Problem('not-found')`, or `Problem('gone')` when the subject was erased. */
  get(name: string, organizationId: OrganizationId): Promise<Uint8Array>
  /** Removing what is not there is fine. A name that ends in `/` removes everything below it. */
  delete(name: string): Promise<void>
}
