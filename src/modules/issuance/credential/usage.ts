import { and, count, eq, gte } from 'drizzle-orm'
import type { ModuleParts } from '#platform/module.ts'
import type { IssuanceContext } from '../issuance-context.ts'

/** The first id that is made at a moment: ids are UUIDv7 (RFC 9562, section 5.7), so the list's index finds where a month begins. */
const firstIdOf = (at: Date): string => {
  const hex = at.getTime().toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}

/** What an organization was given in a month, as its quota counts it, and what has become of it. */
export const createUsage = ({ database }: Pick<IssuanceContext, 'database'>): NonNullable<ModuleParts<never, unknown>['usage']> => async (organizationId, month) => {
  const { credentials, usage } = database.tables
  const [counted] = await database.read.select({ total: usage.credentials }).from(usage)
    .where(and(eq(usage.organizationId, organizationId), eq(usage.month, month)))
  const states = await database.read.select({ state: credentials.state, count: count() }).from(credentials)
    .where(and(eq(credentials.organizationId, organizationId), gte(credentials.id, firstIdOf(new Date(`${month}-01T00:00:00Z`)))))
    .groupBy(credentials.state)
  return { total: counted?.total ?? 0, byState: Object.fromEntries(states.map(({ state, count }) => [state, Number(count)])) }
}
