import type { OrganizationId } from '../organization-id.ts'

/**
 * A module's own files, sealed with a subject's data key before they leave the process. Names are made of ids
 * (`batches/{id}/1`), never of people's names.
 */
export interface Blobs {
  /** Durable and atomic when it resolves; the same name may be written again. Loads the subject's key itself. */
  put(name: string, organizationId: OrganizationId, subject: string, content: Uint8Array): Promise<void>
  /** Throws `Problem('not-found')`, or `Problem('gone')` when the subject was erased. */
  get(name: string, organizationId: OrganizationId): Promise<Uint8Array>
  /** The names in one folder that begin like this; `folder/` alone: all of them. Finding nothing is fine. */
  names(beginning: string): Promise<string[]>
  /** Removing what is not there is fine. A name that ends in `/` removes everything below it. */
  delete(name: string): Promise<void>
}
