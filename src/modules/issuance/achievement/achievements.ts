import { and, eq, placeholder } from 'drizzle-orm'
import { hash } from 'node:crypto'
import { uuidv7 } from 'uuidv7'
import type { Transaction } from '#platform/database/database.ts'
import { preparedQuery } from '#platform/database/prepared.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import { forgetOldest } from '../organization-profiles.ts'
import type { IssuanceTables, TemplateContent } from '../tables.ts'

/** What an achievement says beside its name; a template's words where the client gave none. */
export interface AchievementText {
  readonly name: string
  readonly description?: string | undefined
  readonly criteria?: string | undefined
}

/** The address of an achievement, the same in all its credentials, for ever. */
export const achievementUri = (id: string): string => `urn:uuid:${id}`

/** What is written down of an achievement; its digest is of all of it. */
interface Words {
  readonly name: string
  readonly description: string
  readonly criteria: string
  readonly achievementType: string
}

export interface PreparedAchievements {
  /** In the transaction: the ids in the order of what was wanted, written down where they are new. */
  write(tx: Transaction<IssuanceTables>): Promise<readonly string[]>
}

/** An id stands for its words for ever: what says something else is another achievement, even of the same name. */
export interface Achievements {
  /** Before the transaction: finds what is known already. */
  prepare(organizationId: OrganizationId, wanted: readonly AchievementText[], template: TemplateContent): Promise<PreparedAchievements>
}

const idOfDigest = preparedQuery<IssuanceTables, { organizationId: string; digest: string }>()((queries, { achievements }) =>
  queries
    .select({ id: achievements.id })
    .from(achievements)
    .where(and(
      eq(achievements.organizationId, placeholder('organizationId')),
      eq(achievements.digest, placeholder('digest')),
    )))

export function createAchievements({ database, now }: Pick<IssuanceContext, 'database' | 'now'>): Achievements {
  /** Ids by organization and digest. Only of what was read after its commit: what a transaction writes may not last. */
  const known = new Map<string, string>()

  async function write(tx: Transaction<IssuanceTables>, organizationId: OrganizationId, digest: string, words: Words): Promise<string> {
    const { achievements } = tx.tables
    const [before] = await tx.run(idOfDigest, { organizationId, digest })
    if (before) return before.id
    const id = uuidv7()
    await tx
      .insert(achievements)
      .values({ id, organizationId, ...words, digest, createdAt: now() })
      .onConflictDoNothing({ target: [achievements.organizationId, achievements.digest] })
    const [written] = await tx.run(idOfDigest, { organizationId, digest })
    if (!written) throw new Error('An achievement that was just written is not there.')
    return written.id
  }

  return {
    async prepare(organizationId, wanted, template) {
      const wordsOf = new Map<string, Words>()
      const digests = wanted.map(({ name, description = template.description, criteria = template.criteria }) => {
        const words = { name, description, criteria, achievementType: template.achievementType }
        const digest = digestOf(words)
        wordsOf.set(digest, words)
        return digest
      })
      const ids = new Map<string, string>()
      for (const digest of wordsOf.keys()) {
        const place = `${organizationId}/${digest}`
        const id = known.get(place) ?? (await database.run(idOfDigest, { organizationId, digest }))[0]?.id
        if (id === undefined) continue
        ids.set(digest, id)
        known.set(place, id)
        forgetOldest(known)
      }
      // In one order, so that two who write the same words wait for each other and do not deadlock.
      const missing = [...wordsOf].filter(([digest]) => !ids.has(digest)).sort(([a], [b]) => (a < b ? -1 : 1))
      return {
        async write(tx) {
          const all = new Map(ids)
          for (const [digest, words] of missing) all.set(digest, await write(tx, organizationId, digest, words))
          return digests.map((digest) => all.get(digest)!)
        },
      }
    },
  }
}

const digestOf = ({ name, description, criteria, achievementType }: Words): string =>
  hash('sha256', JSON.stringify([name, description, criteria, achievementType]), 'base64url')
