import { and, eq, inArray } from 'drizzle-orm'
import { createHash } from 'node:crypto'
import { uuidv7 } from 'uuidv7'
import type { Transaction } from '#platform/database/database.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { IssuanceTables, TemplateContent } from '../tables.ts'

/** What an achievement says beside its name; a template's words where the client gave none. */
export interface AchievementText {
  readonly name: string
  readonly description?: string | undefined
  readonly criteria?: string | undefined
}

/** The address of an achievement, the same in all its credentials, for ever. */
export const achievementUri = (id: string): string => `urn:uuid:${id}`

/**
 * The ids of achievements, in the order of what was wanted, written down where they are new. An id stands for its words for
 * ever: what says something else is another achievement, even of the same name.
 */
export async function ensureAchievements(
  tx: Transaction<IssuanceTables>,
  organizationId: OrganizationId,
  wanted: readonly AchievementText[],
  template: TemplateContent,
  createdAt: Date,
): Promise<readonly string[]> {
  const { achievements } = tx.tables
  const texts = wanted.map(({ name, description, criteria }) => ({
    name,
    description: description ?? template.description,
    criteria: criteria ?? template.criteria,
    achievementType: template.achievementType,
  }))
  const digests = texts.map(({ name, description, criteria, achievementType }) =>
    createHash('sha256').update(JSON.stringify([name, description, criteria, achievementType])).digest('base64url'),
  )
  const find = async (): Promise<ReadonlyMap<string, string>> => {
    const rows = await tx
      .select({ id: achievements.id, digest: achievements.digest })
      .from(achievements)
      .where(and(eq(achievements.organizationId, organizationId), inArray(achievements.digest, [...new Set(digests)])))
    return new Map(rows.map(({ id, digest }) => [digest, id]))
  }
  let found = await find()
  const missing = new Map(digests.flatMap((digest, at) => (found.has(digest) ? [] : [[digest, texts[at]!] as const])))
  if (missing.size > 0) {
    await tx
      .insert(achievements)
      .values([...missing].map(([digest, text]) => ({ id: uuidv7(), organizationId, ...text, digest, createdAt })))
      .onConflictDoNothing({ target: [achievements.organizationId, achievements.digest] })
    found = await find()
  }
  return digests.map((digest) => {
    const id = found.get(digest)
    if (id === undefined) throw new Error('An achievement that was just written is not there.')
    return id
  })
}
