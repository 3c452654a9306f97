import { and, asc, eq, gt } from 'drizzle-orm'
import { linesFile } from '#platform/export/module-export.ts'
import type { Exports } from '#platform/module.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { NotificationContext } from '../notification-context.ts'
import { contentPlace } from './content-place.ts'

const atOnce = 200

/** What notification holds: every message, with what it was made of. */
export function createExports({ database, keys }: Pick<NotificationContext, 'database' | 'keys'>): Exports {
  const { messages } = database.tables

  async function* files(organizationId: OrganizationId, recipientId?: string) {
    for (let after = '', page = 1; ; page++) {
      const rows = await database.read
        .select()
        .from(messages)
        .where(and(
          eq(messages.organizationId, organizationId),
          recipientId === undefined ? undefined : eq(messages.recipientId, recipientId),
          gt(messages.id, after),
        ))
        .orderBy(asc(messages.id))
        .limit(atOnce)
      if (rows.length === 0) return
      after = rows.at(-1)!.id
      await keys.load(rows.map((row) => row.recipientId))
      const opened = rows.map(({ content, ...row }) => ({
        ...row,
        organizationId: undefined,
        content: keys.isErased(row.recipientId) ? null : JSON.parse(keys.openText(contentPlace(organizationId, row.id), content)) as unknown,
      }))
      yield linesFile(`messages-${String(page).padStart(4, '0')}.ndjson`, opened, rows.map(({ id }) => id))
    }
  }
  return { person: (organizationId, recipientId) => files(organizationId, recipientId), organization: (organizationId) => files(organizationId) }
}
