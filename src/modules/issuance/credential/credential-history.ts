import { inArray } from 'drizzle-orm'
import type { Fact, FindHistory } from '#platform/timeline.ts'
import type { IssuanceContext } from '../issuance-context.ts'

/** What issuance has on record of credentials, for an operator: their life without the person. */
export const createCredentialHistory = ({ database }: Pick<IssuanceContext, 'database'>): FindHistory => async (ids) => {
  const { credentials } = database.tables
  const rows = await database.read.select().from(credentials).where(inArray(credentials.id, [...ids])).limit(100)
  const facts = rows.flatMap((row): (Fact | undefined)[] => [
    {
      at: row.createdAt,
      what: 'accepted',
      details: { credentialId: row.id, organizationId: row.organizationId, templateId: row.templateId, notify: row.notify },
    },
    row.issuedAt === null ? undefined : {
      at: row.issuedAt,
      what: 'issued',
      details: { publicId: row.publicId, documentId: row.documentId, ...(row.signedAt && { validFrom: row.signedAt.toISOString() }) },
    },
    row.changedAt === null ? undefined : { at: row.changedAt, what: row.state },
    row.abandonedAt === null ? undefined : { at: row.abandonedAt, what: 'abandoned' },
  ])
  return {
    ids: rows.flatMap(({ publicId, documentId, recipientId, batchId }) => [publicId, documentId, recipientId, ...(batchId === null ? [] : [batchId])]),
    ...(rows[0] && { organizationId: rows[0].organizationId }),
    facts: facts.filter((fact) => fact !== undefined),
  }
}
