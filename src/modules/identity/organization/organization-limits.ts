import { eq } from 'drizzle-orm'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { OrganizationLimits } from '#platform/organization-limits.ts'
import type { IdentityContext } from '../identity-context.ts'

export interface LimitChange {
  /** Null takes it away; undefined leaves it. */
  readonly requestsPerMinute?: number | null | undefined
  readonly credentialsPerMonth?: number | null | undefined
}

export interface StoredLimits {
  of(organizationId: OrganizationId): Promise<OrganizationLimits>
  /** Of an organization that there is. Repeating changes nothing. */
  change(organizationId: OrganizationId, change: LimitChange): Promise<OrganizationLimits>
}

export function createStoredLimits({ database, now }: Pick<IdentityContext, 'database' | 'now'>): StoredLimits {
  const { organizationLimits } = database.tables
  const ofOrganization = (organizationId: OrganizationId) => eq(organizationLimits.organizationId, organizationId)

  async function of(organizationId: OrganizationId): Promise<OrganizationLimits> {
    const [row] = await database.read.select().from(organizationLimits).where(ofOrganization(organizationId))
    return {
      ...(row?.requestsPerMinute != null && { requestsPerMinute: row.requestsPerMinute }),
      ...(row?.credentialsPerMonth != null && { credentialsPerMonth: row.credentialsPerMonth }),
    }
  }

  return {
    of,
    async change(organizationId, { requestsPerMinute, credentialsPerMonth }) {
      const told = { ...(requestsPerMinute !== undefined && { requestsPerMinute }), ...(credentialsPerMonth !== undefined && { credentialsPerMonth }) }
      if (Object.keys(told).length === 0) return of(organizationId)
      await database.transaction(async (tx) => {
        const [before] = await tx.select().from(organizationLimits).where(ofOrganization(organizationId))
        if (Object.entries(told).every(([name, value]) => before?.[name as keyof typeof told] === value)) return
        const values = { ...told, changedAt: now() }
        await tx.insert(organizationLimits).values({ organizationId, ...values }).onConflictDoUpdate({ target: organizationLimits.organizationId, set: values })
        const details = Object.fromEntries(Object.entries(told).map(([name, value]) => [name, value ?? 'none']))
        await tx.audit({ organizationId, action: 'organization.limited', target: organizationId, details })
      })
      return of(organizationId)
    },
  }
}
