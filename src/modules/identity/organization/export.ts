import { and, asc, eq, gt } from 'drizzle-orm'
import { jsonFile, linesFile } from '#platform/export/module-export.ts'
import type { Exports } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { Invitations } from '../membership/invitations.ts'
import type { Members } from '../membership/members.ts'
import type { Organizations } from './organizations.ts'

const atOnce = 500

/** What identity holds: of a person only that they have a key; of an organization itself and its clients, without secrets. */
export function createExports(
  { database }: Pick<IdentityContext, 'database'>,
  { organizations, members, invitations }: { organizations: Organizations; members: Members; invitations: Invitations },
): Exports {
  const { dataKeys, clients, erasures } = database.tables
  return {
    async *person(organizationId, recipientId) {
      const [key] = await database.read
        .select({ createdAt: dataKeys.createdAt, erasedAt: dataKeys.erasedAt })
        .from(dataKeys)
        .where(and(eq(dataKeys.subject, recipientId), eq(dataKeys.organizationId, organizationId), eq(dataKeys.kind, 'recipient')))
        .limit(1)
      if (!key) throw new Problem('not-found', 'There is no recipient of this id.')
      if (key.erasedAt) throw new Problem('gone', 'This recipient was erased, and nothing is held; GET /v1/recipients/{id}/erasure is the receipt.')
      yield jsonFile('recipient.json', { id: recipientId, keyCreatedAt: key.createdAt.toISOString() })
    },

    async *organization(organizationId) {
      yield jsonFile('organization.json', await organizations.find({ id: organizationId }))
      const rows = await database.read.select().from(clients).where(eq(clients.organizationId, organizationId)).orderBy(asc(clients.id))
      yield jsonFile('clients.json', rows.map(({ id, name, scopes, publicKeys, createdAt, expiresAt, disabledAt }) =>
        ({ id, name, scopes, publicKeys, createdAt, expiresAt, disabledAt })))
      for (let after: string | undefined, page = 1; ; page++) {
        const some = await members.list(organizationId, { after, limit: atOnce })
        if (some.length === 0) break
        after = some.at(-1)!.id
        yield linesFile(`members-${String(page).padStart(4, '0')}.ndjson`, some)
      }
      for (let before: string | undefined, page = 1; ; page++) {
        const some = await invitations.list(organizationId, { before, limit: atOnce })
        if (some.length === 0) break
        before = some.at(-1)!.id
        yield linesFile(`invitations-${String(page).padStart(4, '0')}.ndjson`, some)
      }
      for (let after = '', page = 1; ; page++) {
        const some = await database.read.select().from(erasures)
          .where(and(eq(erasures.organizationId, organizationId), gt(erasures.recipientId, after)))
          .orderBy(asc(erasures.recipientId)).limit(atOnce)
        if (some.length === 0) return
        after = some.at(-1)!.recipientId
        yield linesFile(`erasures-${String(page).padStart(4, '0')}.ndjson`, some)
      }
    },
  }
}
