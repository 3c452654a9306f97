import { and, eq, inArray } from 'drizzle-orm'
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
 * The ids of achievements by name, written down where they are new. The first words for a name stay: they are what earlier
 * credentials say.
 */
export async function ensureAchievements(
  tx: Transaction<IssuanceTables>,
  organizationId: OrganizationId,
  wanted: readonly AchievementText[],
  template: TemplateContent,
  createdAt: Date,
): Promise<ReadonlyMap<string, string>> {
  const { achievements } = tx.tables
  const byName = new Map(wanted.map((achievement) => [achievement.name, achievement]))
  const find = async () => {
    const rows = await tx
      .select({ id: achievements.id, name: achievements.name })
      .from(achievements)
      .where(and(eq(achievements.organizationId, organizationId), inArray(achievements.name, [...byName.keys()])))
    return new Map(rows.map((row) => [row.name, row.id]))
  }
  const found = await find()
  const missing = [...byName.values()].filter(({ name }) => !found.has(name))
  if (missing.length === 0) return found
  await tx
    .insert(achievements)
    .values(
      missing.map(({ name, description, criteria }) => ({
        id: uuidv7(),
        organizationId,
        name,
        description: description ?? template.description,
        criteria: criteria ?? template.criteria,
        achievementType: template.achievementType,
        createdAt,
      })),
    )
    .onConflictDoNothing({ target: [achievements.organizationId, achievements.name] })
  return find()
}
