import { and, asc, eq, gt } from 'drizzle-orm'
import { jsonFile, linesFile } from '#platform/export/module-export.ts'
import type { Exports } from '#platform/module.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { VerificationContext } from '../verification-context.ts'
import { openProjected } from './projection.ts'

const atOnce = 200

/** What verification holds: each credential's place in the log with the salt that proves it, and its public state. */
export function createExports(context: VerificationContext): Exports {
  const { database, keys } = context
  const { credentials, leaves } = database.tables

  async function* pages(organizationId: OrganizationId, recipientId?: string) {
    for (let after = ''; ; ) {
      const rows = await database.read
        .select({ credential: credentials, leaf: leaves })
        .from(credentials)
        .leftJoin(leaves, eq(leaves.credentialId, credentials.id))
        .where(and(
          eq(credentials.organizationId, organizationId),
          recipientId === undefined ? undefined : eq(credentials.recipientId, recipientId),
          gt(credentials.id, after),
        ))
        .orderBy(asc(credentials.id))
        .limit(atOnce)
      if (rows.length === 0) return
      after = rows.at(-1)!.credential.id
      await keys.load(rows.map(({ credential }) => credential.recipientId))
      const described = []
      for (const { credential, leaf } of rows) {
        const erased = credential.erasedAt !== null || keys.isErased(credential.recipientId)
        const { id, publicId, documentId, status, statusChangedAt, issuedAt } = credential
        described.push({
          id, publicId, documentId, status, statusChangedAt, issuedAt,
          log: leaf && { index: leaf.leafIndex, leaf: Buffer.from(leaf.leaf).toString('base64') },
          salt: erased ? null : (await openProjected(context, credential)).salt,
        })
      }
      yield described
    }
  }

  return {
    async *person(organizationId, recipientId) {
      for await (const rows of pages(organizationId, recipientId))
        for (const row of rows) yield jsonFile(`credentials/${row.id}.json`, row, [row.id])
    },
    async *organization(organizationId) {
      let page = 0
      for await (const rows of pages(organizationId)) yield linesFile(`credentials-${String(++page).padStart(4, '0')}.ndjson`, rows)
    },
  }
}
