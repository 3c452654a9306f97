import { and, asc, eq, gt, type SQL } from 'drizzle-orm'
import { linesFile } from '#platform/export/module-export.ts'
import type { ExportedFile } from '#platform/module.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import { openReason } from './erasure-requests.ts'

const atOnce = 200

/** For an export: when somebody was in, which mails beside certificates are to go out, and requests to be erased. What opens anything is not in it. */
export async function* accessFiles(
  context: Pick<IssuanceContext, 'database' | 'keys'>, organizationId: OrganizationId, recipientId?: string,
): AsyncGenerator<ExportedFile> {
  const { database: { read, tables }, keys } = context
  const { erasureRequests, recipientMails, recipientSessions } = tables
  const of = (table: typeof erasureRequests | typeof recipientMails | typeof recipientSessions, after: string): SQL | undefined =>
    and(eq(table.organizationId, organizationId), recipientId === undefined ? undefined : eq(table.recipientId, recipientId), gt(table.id, after))

  async function* pages<R extends { readonly id: string }>(name: string, page: (after: string) => Promise<readonly R[]>, present: (row: R) => unknown): AsyncGenerator<ExportedFile> {
    for (let after = '', number = 1; ; number++) {
      const rows = await page(after)
      if (rows.length === 0) return
      after = rows.at(-1)!.id
      yield linesFile(`${name}-${String(number).padStart(4, '0')}.ndjson`, rows.map(present))
    }
  }

  yield* pages('erasure-requests', async (after) => {
    const rows = await read.select().from(erasureRequests).where(of(erasureRequests, after)).orderBy(asc(erasureRequests.id)).limit(atOnce)
    await keys.load(rows.map((row) => row.recipientId))
    return rows
  }, (row) => ({ id: row.id, recipientId: row.recipientId, state: row.state, reason: openReason(context, row), createdAt: row.createdAt, decidedAt: row.decidedAt }))
  yield* pages('recipient-mails', (after) => read.select().from(recipientMails).where(of(recipientMails, after)).orderBy(asc(recipientMails.id)).limit(atOnce),
    ({ id, recipientId, kind, createdAt, expiresAt }) => ({ id, recipientId, kind, createdAt, expiresAt }))
  yield* pages('recipient-sessions', (after) => read.select().from(recipientSessions).where(of(recipientSessions, after)).orderBy(asc(recipientSessions.id)).limit(atOnce),
    ({ id, recipientId, createdAt, expiresAt }) => ({ id, recipientId, createdAt, expiresAt }))
}
