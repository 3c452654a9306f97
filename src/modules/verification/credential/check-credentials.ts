import { and, asc, eq, gt, isNull } from 'drizzle-orm'
import type { CheckedPage } from '#platform/module.ts'
import { credentialLeaf } from '../log/leaf.ts'
import { equalHashes } from '../log/merkle-hash.ts'
import type { VerificationContext } from '../verification-context.ts'
import type { Verifier } from '../verify/verify.ts'
import { openProjected } from './projection.ts'

const AT_ONCE = 200

/**
 * Opens each credential of a page, verifies its signature, and makes its leaf anew. Who was erased is passed over.
 * @param after the id of the last one of the page before
 */
export async function checkCredentials(
  context: VerificationContext,
  verifier: Pick<Verifier, 'signature'>,
  after: string,
): Promise<CheckedPage> {
  const { database, keys } = context
  const { credentials, leaves } = database.tables
  const rows = await database.read
    .select({ row: credentials, leaf: leaves.leaf })
    .from(credentials)
    .leftJoin(leaves, eq(leaves.credentialId, credentials.id))
    .where(and(gt(credentials.id, after), isNull(credentials.erasedAt)))
    .orderBy(asc(credentials.id))
    .limit(AT_ONCE)
  await keys.load(rows.map(({ row }) => row.recipientId)).catch(() => {})
  const faults: string[] = []
  let checked = 0
  for (const { row, leaf } of rows) {
    if (keys.isErased(row.recipientId)) continue
    checked++
    try {
      const { document, salt } = await openProjected(context, row)
      const credential: unknown = JSON.parse(document)
      const { verified, errors } = await verifier.signature(credential)
      // A credential may have run out since; its signature holds all the same.
      const wrong = errors.filter(({ code }) => code !== 'expired')
      if (!verified && wrong.length > 0) faults.push(`Credential ${row.id} does not verify: ${wrong.map(({ code }) => code).join(', ')}.`)
      if (!leaf || !equalHashes(leaf, credentialLeaf(credential, salt))) faults.push(`Credential ${row.id} has another leaf than its own.`)
    } catch (error) {
      faults.push(`Credential ${row.id} does not open: ${(error as Error).name}.`)
    }
  }
  return { checked: { credentials: checked }, faults, next: rows.length === AT_ONCE ? rows.at(-1)!.row.id : undefined }
}
