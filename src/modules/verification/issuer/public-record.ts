import { and, count, desc, eq, gte, inArray, isNotNull, lt } from 'drizzle-orm'
import type { OrganizationId } from '#platform/organization-id.ts'
import { remembered } from '#platform/remembered.ts'
import type { VerificationContext } from '../verification-context.ts'

/** With fewer, a number could point at a person: docs/decisions/0140. */
export const LEAST_LISTED = 5
const PAGE = 50

/** What an organization has awarded, without a word about anybody. */
export interface PublicRecord {
  /** Credentials that are neither revoked nor replaced; those of erased people count too: nothing else is left of them. */
  readonly credentials: number
  /** The newest first. */
  readonly achievements: readonly { readonly id: string; readonly name: string; readonly credentials: number }[]
  /** To give as `after`; undefined at the end. */
  readonly next: string | undefined
}

export type ReadRecord = (organizationId: OrganizationId, after: string | undefined) => Promise<PublicRecord>

/** Counts at most once a minute for each page: whoever opens it a thousand times makes us count once. */
export function createRecordReader({ database, now }: Pick<VerificationContext, 'database' | 'now'>): ReadRecord {
  const { read, tables: { credentials, achievements } } = database
  const records = remembered<PublicRecord>(now)

  async function readRecord(organizationId: OrganizationId, after: string | undefined): Promise<PublicRecord> {
    const standing = and(eq(credentials.organizationId, organizationId), inArray(credentials.status, ['active', 'suspended']))
    const number = count()
    const [[all], groups] = await Promise.all([
      read.select({ number }).from(credentials).where(standing),
      read
        .select({ id: credentials.achievementId, number })
        .from(credentials)
        .where(and(standing, isNotNull(credentials.achievementId), after === undefined ? undefined : lt(credentials.achievementId, after)))
        .groupBy(credentials.achievementId)
        .having(gte(number, LEAST_LISTED))
        // The ids are of the time when they were made (UUIDv7).
        .orderBy(desc(credentials.achievementId))
        .limit(PAGE + 1),
    ])
    const shown = groups.slice(0, PAGE).map(({ id, number }) => ({ id: id!, credentials: Number(number) }))
    const names = await namesOf(organizationId, shown.map(({ id }) => id))
    return {
      credentials: Number(all?.number ?? 0),
      achievements: shown.map(({ id, credentials }) => ({ id, name: names.get(id)!, credentials })),
      next: groups.length > PAGE ? shown.at(-1)!.id : undefined,
    }
  }

  async function namesOf(organizationId: OrganizationId, ids: string[]): Promise<ReadonlyMap<string, string>> {
    if (ids.length === 0) return new Map()
    const rows = await read
      .select({ id: achievements.id, name: achievements.name })
      .from(achievements)
      .where(and(eq(achievements.organizationId, organizationId), inArray(achievements.id, ids)))
    return new Map(rows.map(({ id, name }) => [id, name]))
  }

  return (organizationId, after) => records(`${organizationId} ${after ?? ''}`, () => readRecord(organizationId, after))
}
