import { and, asc, eq, gt } from 'drizzle-orm'
import { jsonFile, linesFile } from '#platform/export/module-export.ts'
import type { ExportedFile, Exports } from '#platform/module.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import { cellsPlace } from '../batch/refused-cells.ts'
import { openCredential } from '../credential/credential-row.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import { accessFiles } from '../recipient-access/access-files.ts'

const atOnce = 100

/**
 * What issuance holds: of a person every credential with its signed document and certificate, and refused records with their address; of an
 * organization everything but private keys.
 */
export function createExports(context: IssuanceContext): Exports {
  const { database, keys, blobs } = context
  const { tables, read } = database

  async function certificateOf(organizationId: OrganizationId, id: string, blob: string): Promise<ExportedFile | undefined> {
    try {
      return { name: `certificates/${id}.pdf`, content: await blobs.get(blob, organizationId), targets: [id] }
    } catch (error) {
      // Erased meanwhile.
      if (error instanceof Problem && (error.code === 'gone' || error.code === 'not-found')) return undefined
      throw error
    }
  }

  /** Of each credential what is known, the signed document as it is, and the certificate. */
  async function* credentialFiles(organizationId: OrganizationId, recipientId?: string): AsyncGenerator<ExportedFile> {
    const { credentials, achievements } = tables
    for (let after = ''; ; ) {
      const rows = await read
        .select({ credential: credentials, achievement: achievements })
        .from(credentials)
        .innerJoin(achievements, eq(achievements.id, credentials.achievementId))
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
      // All at once: to whoever reads slowly, the last of a page are given when its keys are held no more.
      const opened = rows.map(({ credential, achievement }) => {
        const { personal: _, document: __, businessKey: ___, organizationId: ____, certificate, ...known } = credential
        const { personal, document } = keys.isErased(credential.recipientId) ? { personal: null, document: undefined } : openCredential(context, credential)
        return { known: { ...known, recipient: personal, achievement: { id: achievement.id, name: achievement.name } }, certificate, document, isErased: personal === null }
      })
      for (const { known, document, certificate, isErased } of opened) {
        const { id } = known
        yield jsonFile(`credentials/${id}.json`, known, [id])
        if (document !== undefined) yield { name: `documents/${id}.json`, content: new TextEncoder().encode(document), targets: [id] }
        const file = certificate === null || isErased ? undefined : await certificateOf(organizationId, id, certificate)
        if (file) yield file
      }
    }
  }

  async function* refusedRecords(organizationId: OrganizationId, recipientId: string): AsyncGenerator<ExportedFile> {
    const { recipients, batchRecords } = tables
    await keys.load([organizationId])
    const [known] = await read.select().from(recipients).where(eq(recipients.id, recipientId))
    if (!known?.emailDigest) return
    const rows = await read.select().from(batchRecords)
      .where(and(eq(batchRecords.organizationId, organizationId), eq(batchRecords.emailDigest, known.emailDigest)))
    if (rows.length === 0) return
    yield linesFile('refused-records.ndjson', rows.map(({ batchId, record, fault, cells }) => ({
      batchId, record, fault, cells: cells && (JSON.parse(keys.openText(cellsPlace(organizationId, batchId, record), cells)) as unknown),
    })))
  }

  /** Rows of a table page by page, by an id that is unique in it. */
  async function* pages(name: string, page: (after: string) => Promise<readonly { readonly id: string }[]>): AsyncGenerator<ExportedFile> {
    let after = ''
    for (let number = 1; ; number++) {
      const rows = await page(after)
      if (rows.length === 0) return
      after = rows.at(-1)!.id
      yield linesFile(`${name}-${String(number).padStart(4, '0')}.ndjson`, rows)
    }
  }

  async function* organization(organizationId: OrganizationId): AsyncGenerator<ExportedFile> {
    const { templates, templateVersions, templateDesigns, templateImages, achievements, batches, recipients, signingKeys, statusLists } = tables
    yield jsonFile('templates.json', await read.select().from(templates).where(eq(templates.organizationId, organizationId)).orderBy(asc(templates.id)))
    yield linesFile('template-versions.ndjson', await read.select().from(templateVersions).where(eq(templateVersions.organizationId, organizationId)))
    const designs = await read.select({ digest: templateDesigns.digest }).from(templateDesigns).where(eq(templateDesigns.organizationId, organizationId))
    for (const { digest } of designs) {
      const [design] = await read.select().from(templateDesigns).where(and(eq(templateDesigns.organizationId, organizationId), eq(templateDesigns.digest, digest)))
      if (design) yield jsonFile(`designs/${digest}.json`, design.template)
    }
    const images = await read.select().from(templateImages).where(eq(templateImages.organizationId, organizationId))
    for (const { id, mediaType } of images)
      yield { name: `images/${id}.${mediaType === 'image/png' ? 'png' : 'jpg'}`, content: await blobs.get(`templates/images/${organizationId}/${id}`, organizationId) }
    yield* pages('achievements', (after) => read.select().from(achievements)
      .where(and(eq(achievements.organizationId, organizationId), gt(achievements.id, after))).orderBy(asc(achievements.id)).limit(atOnce))
    yield* pages('batches', (after) => read.select().from(batches)
      .where(and(eq(batches.organizationId, organizationId), gt(batches.id, after))).orderBy(asc(batches.id)).limit(atOnce))
    yield* pages('recipients', (after) => read
      .select({ id: recipients.id, createdAt: recipients.createdAt, erasedAt: recipients.erasedAt }).from(recipients)
      .where(and(eq(recipients.organizationId, organizationId), gt(recipients.id, after))).orderBy(asc(recipients.id)).limit(atOnce))
    const keysOf = await read.select().from(signingKeys).where(eq(signingKeys.organizationId, organizationId))
    yield jsonFile('signing-keys.json', keysOf.map((key) => ({ ...key, privateKey: undefined })))
    const lists = await read.select({ id: statusLists.id, document: statusLists.document }).from(statusLists).where(eq(statusLists.organizationId, organizationId))
    for (const { id, document } of lists) yield { name: `status-lists/${id}.json`, content: new TextEncoder().encode(document) }
    yield* accessFiles(context, organizationId)
    yield* credentialFiles(organizationId)
  }

  return {
    async *person(organizationId, recipientId) {
      yield* credentialFiles(organizationId, recipientId)
      yield* refusedRecords(organizationId, recipientId)
      yield* accessFiles(context, organizationId, recipientId)
    },
    organization,
  }
}
