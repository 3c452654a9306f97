import { and, asc, eq, gt, inArray, isNotNull } from 'drizzle-orm'
import { type StoredFile, storedZip } from '#platform/http/stored-zip.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import { credentialPlace } from '../credential/credential-row.ts'
import type { CredentialState } from '../credential/state.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { PersonalData } from '../tables.ts'
import { findBatch } from './batches.ts'
import { certificateName } from './certificate-name.ts'

const PAGE = 200

/** Whose paper is handed out: what was revoked or superseded is not. */
const given: CredentialState[] = ['issued', 'suspended', 'expired']

/**
 * The certificates of a batch as a zip archive, in the order of its file: those that are issued by now. Left out are revoked and
 * superseded ones, and erased people's. Throws `Problem('not-found')`, or `state-refused` when there is none.
 */
export async function certificateArchive(
  context: IssuanceContext,
  organizationId: OrganizationId,
  id: string,
): Promise<AsyncGenerator<Uint8Array>> {
  const { rows, state } = await findBatch(context, organizationId, id)
  const files = certificateFiles(context, organizationId, id, Math.max(4, String(rows).length))
  const first = await files.next()
  if (first.done === true)
    throw new Problem(
      'state-refused',
      state === 'importing' || state === 'issuing'
        ? 'No certificate of this batch is issued yet; ask again when some are.'
        : 'This batch has no certificate to give: none was issued, or all were revoked or erased.',
    )
  return storedZip(allOf(first.value, files, context.log))
}

async function* certificateFiles(
  context: IssuanceContext,
  organizationId: OrganizationId,
  batchId: string,
  digits: number,
): AsyncGenerator<StoredFile> {
  const { database, keys } = context
  const { batchRecords, credentials } = database.tables
  const page = (after: number) =>
    database.read
      .select({
        record: batchRecords.record,
        credentialId: credentials.id,
        recipientId: credentials.recipientId,
        personal: credentials.personal,
        certificate: credentials.certificate,
        issuedAt: credentials.issuedAt,
      })
      .from(batchRecords)
      .innerJoin(credentials, eq(credentials.id, batchRecords.credentialId))
      .where(
        and(
          eq(batchRecords.batchId, batchId),
          eq(batchRecords.outcome, 'created'),
          gt(batchRecords.record, after),
          inArray(credentials.state, given),
          isNotNull(credentials.certificate),
        ),
      )
      .orderBy(asc(batchRecords.record))
      .limit(PAGE)
  for (let after = 0, rows = await page(0); rows.length > 0; rows = await page(after)) {
    await keys.load(rows.map(({ recipientId }) => recipientId))
    // All at once: to whoever reads slowly, the last of a page are given when its keys are held no more.
    const named = rows.flatMap(({ record, credentialId, personal, ...row }) => {
      if (keys.isErased(row.recipientId)) return []
      const { name } = JSON.parse(keys.openText(credentialPlace(organizationId, 'personal', credentialId), personal)) as PersonalData
      return [{ ...row, name: certificateName(record, digits, name) }]
    })
    after = rows.at(-1)!.record
    for (const { name, certificate, recipientId, issuedAt } of named) {
      const content = await certificateOf(context, organizationId, certificate!, recipientId)
      if (content) yield { name, content, modifiedAt: issuedAt! }
    }
  }
}

/** Undefined when its recipient was erased meanwhile. */
async function certificateOf(
  { blobs, keys }: IssuanceContext,
  organizationId: OrganizationId,
  blob: string,
  recipientId: string,
): Promise<Uint8Array | undefined> {
  try {
    return await blobs.get(blob, organizationId)
  } catch (error) {
    if (!(error instanceof Problem) || (error.code !== 'gone' && error.code !== 'not-found')) throw error
    // An erasure takes the file away before a key that is still held runs out.
    keys.forget(recipientId)
    await keys.load([recipientId])
    if (keys.isErased(recipientId)) return undefined
    throw error
  }
}

/** Whoever reads finds the archive cut off; why, stands in the log. */
async function* allOf<T>(first: T, rest: AsyncGenerator<T>, log: IssuanceContext['log']): AsyncGenerator<T> {
  yield first
  try {
    yield* rest
  } catch (error) {
    log.error({ err: error }, 'an archive of certificates was cut off')
    throw error
  }
}
