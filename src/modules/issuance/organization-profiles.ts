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

/** Asks identity, and remembers the answer for a minute. */
export function createOrganizationProfiles({ clients, now }: Pick<IssuanceContext, 'clients' | 'now'>): OrganizationProfiles {
  const known = new Map<string, { profile: Promise<OrganizationProfile>; until: number }>()
  return {
    of(organizationId) {
      const entry = known.get(organizationId)
      if (entry && entry.until > now().getTime()) return entry.profile
      const profile = clients.identity.organization({ id: organizationId })
      known.set(organizationId, { profile, until: now().getTime() + MAX_AGE_MS })
      profile.catch(() => known.delete(organizationId))
      return profile
    },
  }
}
