import type { AuthorityClient } from './authority-operations.ts'
import type { OrganizationId } from './organization-id.ts'

/** What was set for one organization; without a number the installation's own rule holds. */
export type OrganizationLimits = Awaited<ReturnType<AuthorityClient['organizationLimits']>>

export type FindOrganizationLimits = (organizationId: OrganizationId) => Promise<OrganizationLimits>

const remembered = 2_000
const askAgainMs = 1_000

interface Entry {
  limits: OrganizationLimits | undefined
  askAt: number
  asking: Promise<OrganizationLimits> | undefined
}

/**
 * Asks the authority about an organization's limits, and remembers the answer for so many milliseconds. Never fails, and only the
 * first question of a process about an organization is waited for: afterwards the last answer stands until there is a newer one. While nobody can be
 * asked, there is no limit of its own.
 */
export function createOrganizationLimits(
  client: Pick<AuthorityClient, 'organizationLimits'>,
  { freshMs, monotonic = () => performance.now() }: { readonly freshMs: number; readonly monotonic?: () => number },
): FindOrganizationLimits {
  const known = new Map<string, Entry>()

  async function ask(entry: Entry, organizationId: OrganizationId): Promise<OrganizationLimits> {
    try {
      entry.limits = await client.organizationLimits({ organizationId })
      entry.askAt = monotonic() + freshMs
    } catch {
      entry.limits ??= {}
      entry.askAt = monotonic() + askAgainMs
    }
    entry.asking = undefined
    return entry.limits
  }

  return async (organizationId) => {
    let entry = known.get(organizationId)
    if (!entry) {
      known.set(organizationId, (entry = { limits: undefined, askAt: Number.NEGATIVE_INFINITY, asking: undefined }))
      if (known.size > remembered) known.delete(known.keys().next().value!)
    }
    if (monotonic() >= entry.askAt) entry.asking ??= ask(entry, organizationId)
    return entry.limits ?? entry.asking!
  }
}
