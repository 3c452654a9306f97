import { remembered } from '#platform/remembered.ts'
import type { Organization } from '#modules/identity/index.ts'
import type { VerificationContext } from '../verification-context.ts'

/** The organizations of this installation, as their public pages tell of them. They throw `Problem`: not-found, or that identity does not answer. */
export interface Issuers {
  /** At most a minute old: each page of a credential asks. */
  byId(organizationId: string): Promise<Organization>
  bySlug(slug: string): Promise<Organization>
}

export function createIssuers({ clients, now }: Pick<VerificationContext, 'clients' | 'now'>): Issuers {
  const byId = remembered<Organization>(now)
  return {
    byId: (id) => byId(id, () => clients.identity.organization({ id })),
    bySlug: (slug) => clients.identity.organization({ slug }),
  }
}
