import type { OrganizationId } from '#platform/organization-id.ts'
import type { IssuanceContext } from './issuance-context.ts'

/** What a credential says of its issuer. */
export interface OrganizationProfile {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly url?: string | undefined
  readonly defaultLocale: string
}

export interface OrganizationProfiles {
  /** At most a minute old. Throws `Problem('not-found')`. */
  of(organizationId: OrganizationId): Promise<OrganizationProfile>
}

const MAX_AGE_MS = 60_000
const REMEMBERED = 2_000

/** Keeps a map by organization from growing with every organization that there ever was; the first put in go first. */
export function forgetOldest(known: Map<string, unknown>, most = REMEMBERED): void {
  for (const oldest of known.keys()) {
    if (known.size <= most) return
    known.delete(oldest)
  }
}

/** Asks identity, and remembers the answer for a minute. */
export function createOrganizationProfiles({ clients, now }: Pick<IssuanceContext, 'clients' | 'now'>): OrganizationProfiles {
  const known = new Map<string, { profile: Promise<OrganizationProfile>; until: number }>()
  return {
    of(organizationId) {
      const entry = known.get(organizationId)
      if (entry && entry.until > now().getTime()) return entry.profile
      const profile = clients.identity.organization({ id: organizationId })
      known.delete(organizationId)
      known.set(organizationId, { profile, until: now().getTime() + MAX_AGE_MS })
      forgetOldest(known)
      profile.catch(() => known.delete(organizationId))
      return profile
    },
  }
}
