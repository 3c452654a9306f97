import type { AuthorityClient } from './authority-operations.ts'
import type { Settings } from './config.ts'
import type { Client } from './contract.ts'
import type { OrganizationId } from './organization-id.ts'
import type { platformContract } from './platform-operations.ts'

/** What an organization has used in this month of the calendar, in UTC, and what it may. Null: without a limit. */
export interface Usage {
  /** Such as 2026-11. */
  readonly month: string
  /** When the next one begins. */
  readonly renewedAt: Date
  readonly credentials: {
    /** All that were accepted, whatever became of them: what the quota counts. */
    readonly total: number
    readonly byState: Readonly<Record<string, number>>
    readonly limit: number | null
    readonly left: number | null
  }
  /** Of all programs of the organization together, and of one. */
  readonly requestsPerMinute: { readonly organization: number | null; readonly client: number | null }
}

/** Throws `unavailable` while a module that counts is away. */
export type FindUsage = (organizationId: OrganizationId) => Promise<Usage>

export interface UsageOptions {
  readonly modules: readonly string[]
  readonly platformClient: (module: string) => Pick<Client<ReturnType<typeof platformContract<string>>>, 'usage'>
  readonly authority: Pick<AuthorityClient, 'organizationLimits'>
  readonly settings: Pick<Settings, 'RATE_LIMIT_ORGANIZATION' | 'RATE_LIMIT_CLIENT'>
  readonly now: () => Date
}

/** In these settings 0 stands for no limit; in one that was set for an organization it does not. */
const limitOf = (setting: number): number | null => (setting === 0 ? null : setting)

export function createUsage({ modules, platformClient, authority, settings, now }: UsageOptions): FindUsage {
  return async (organizationId) => {
    const at = now()
    const month = at.toISOString().slice(0, 7)
    const [limits, ...counted] = await Promise.all([
      authority.organizationLimits({ organizationId }),
      ...modules.map((module) => platformClient(module).usage({ organizationId, month })),
    ])
    const { total, byState } = counted.find(({ credentials }) => credentials)?.credentials ?? { total: 0, byState: {} }
    const limit = limits.credentialsPerMonth ?? null
    return {
      month,
      renewedAt: new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1)),
      credentials: { total, byState, limit, left: limit === null ? null : Math.max(limit - total, 0) },
      requestsPerMinute: { organization: limits.requestsPerMinute ?? limitOf(settings.RATE_LIMIT_ORGANIZATION), client: limitOf(settings.RATE_LIMIT_CLIENT) },
    }
  }
}
