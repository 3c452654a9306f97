import { and, asc, eq, gt, isNotNull } from 'drizzle-orm'
import { linesFile } from '#platform/export/module-export.ts'
import type { Exports } from '#platform/module.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { NotificationContext } from '../notification-context.ts'
import { contentPlace } from './content-place.ts'

const atOnce = 200

/** What notification holds: every message, with what it was made of. */
export function createExports({ database, keys }: Pick<NotificationContext, 'database' | 'keys'>): Exports {
  const { messages, accountMessages } = database.tables

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

  /** Links and refusals that were sent to recipients; what they said is not kept here. */
  async function* referred(organizationId: OrganizationId, recipientId?: string) {
    for (let after = '', page = 1; ; page++) {
      const rows = await database.read
        .select()
        .from(accountMessages)
        .where(and(
          eq(accountMessages.organizationId, organizationId),
          recipientId === undefined ? isNotNull(accountMessages.recipientId) : eq(accountMessages.recipientId, recipientId),
          gt(accountMessages.id, after),
        ))
        .orderBy(asc(accountMessages.id))
        .limit(atOnce)
      if (rows.length === 0) return
      after = rows.at(-1)!.id
      yield linesFile(`recipient-mails-${String(page).padStart(4, '0')}.ndjson`, rows.map((row) => ({ ...row, organizationId: undefined })), rows.map(({ id }) => id))
    }
  }

  async function* all(organizationId: OrganizationId, recipientId?: string) {
    yield* files(organizationId, recipientId)
    yield* referred(organizationId, recipientId)
  }
  return { person: all, organization: (organizationId) => all(organizationId) }
}
