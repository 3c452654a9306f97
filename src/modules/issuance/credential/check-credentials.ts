import { asc, gt } from 'drizzle-orm'
import type { CheckedPage } from '#platform/module.ts'
import { OrganizationId } from '#platform/organization-id.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import { credentialPlace } from './credential-row.ts'

const AT_ONCE = 100

/**
 * Opens what a page of credentials consists of: the person's data, the signed document and the PDF. Who was erased is passed
 * over.
 * @param after the id of the last one of the page before
 */
export async function checkCredentials(
  { database, keys, blobs }: Pick<IssuanceContext, 'database' | 'keys' | 'blobs'>,
  after = '',
): Promise<CheckedPage> {
  const { credentials } = database.tables
  const rows = await database.read.select().from(credentials).where(gt(credentials.id, after)).orderBy(asc(credentials.id)).limit(AT_ONCE)
  await keys.load(rows.map(({ recipientId }) => recipientId)).catch(() => {})
  const faults: string[] = []
  let [opened, certificates] = [0, 0]
  for (const row of rows) {
    if (keys.isErased(row.recipientId)) continue
    opened++
    const organizationId = OrganizationId.parse(row.organizationId)
    try {
      keys.open(credentialPlace(organizationId, 'personal', row.id), row.personal)
      if (row.document) JSON.parse(keys.openText(credentialPlace(organizationId, 'document', row.id), row.document))
      if (row.certificate === null) continue
      await blobs.get(row.certificate, organizationId)
      certificates++
    } catch (error) {
      faults.push(`Credential ${row.id} does not open: ${(error as Error).message}`)
    }
  }
  return { checked: { credentials: opened, certificates }, faults, next: rows.length === AT_ONCE ? rows.at(-1)!.id : undefined }
}
