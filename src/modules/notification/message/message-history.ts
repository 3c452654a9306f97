import { inArray } from 'drizzle-orm'
import type { Fact, FindHistory } from '#platform/timeline.ts'
import type { NotificationContext } from '../notification-context.ts'

/** What was to be told about credentials, for an operator: without the person and the words. */
export const createMessageHistory = ({ database }: Pick<NotificationContext, 'database'>): FindHistory => async (ids) => {
  const { messages } = database.tables
  const rows = await database.read.select().from(messages).where(inArray(messages.credentialId, [...ids])).limit(100)
  return {
    // Its events are filed under the Message-ID, its step under the row's own.
    ids: rows.flatMap(({ id, messageId }) => [id, messageId]),
    ...(rows[0] && { organizationId: rows[0].organizationId }),
    facts: rows.flatMap(({ id, channel, occasion, state, reason, createdAt, finishedAt }): Fact[] => [
      { at: createdAt, what: 'message written', details: { id, channel, occasion } },
      ...(finishedAt === null ? [] : [{ at: finishedAt, what: `message ${state}`, details: { id, channel, ...(reason !== null && { reason }) } }]),
    ]),
  }
}
