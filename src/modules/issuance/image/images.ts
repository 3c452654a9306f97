import { and, eq, inArray, or } from 'drizzle-orm'
import { createHash } from 'node:crypto'
import { inContext } from '#platform/context.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { IssuanceTables } from '../tables.ts'
import type { ImageCleaner } from './image-cleaner.ts'
import type { CleanImage } from './reencode.ts'

export type StoredImage = Pick<IssuanceTables['templateImages']['$inferSelect'], 'id' | 'mediaType' | 'width' | 'height' | 'bytes'>

/** The pictures of templates: what was sent is kept as our own encoder wrote it, once for an organization. */
export interface Images {
  /** The same file again, or one that was kept here, is the same picture. Throws `ImageRefused`. */
  store(organizationId: OrganizationId, file: Uint8Array): Promise<StoredImage>
  find(organizationId: OrganizationId, ids: readonly string[]): Promise<StoredImage[]>
  /** Throws `Problem('not-found')`. */
  read(organizationId: OrganizationId, id: string): Promise<CleanImage>
}

export const imageId = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const blobOf = (organizationId: OrganizationId, id: string): string => `templates/images/${organizationId}/${id}`
const unknown = () => new Problem('not-found', 'There is no picture with this id; send it to POST /v1/templates/images.')

export function createImages({ database, blobs, now }: IssuanceContext, cleaner: ImageCleaner): Images {
  const { templateImages } = database.tables
  const columns = {
    id: templateImages.id,
    mediaType: templateImages.mediaType,
    width: templateImages.width,
    height: templateImages.height,
    bytes: templateImages.bytes,
  }
  const own = (organizationId: OrganizationId) => eq(templateImages.organizationId, organizationId)

  async function find(organizationId: OrganizationId, ids: readonly string[]): Promise<StoredImage[]> {
    if (ids.length === 0) return []
    return database.read.select(columns).from(templateImages).where(and(own(organizationId), inArray(templateImages.id, [...ids])))
  }

  return {
    find,
    async store(organizationId, file) {
      const sourceDigest = imageId(file)
      const [known] = await database.read
        .select(columns)
        .from(templateImages)
        .where(and(own(organizationId), or(eq(templateImages.sourceDigest, sourceDigest), eq(templateImages.id, sourceDigest))))
        .limit(1)
      if (known) return known
      const image = await cleaner.clean(file)
      const id = imageId(image.bytes)
      const { mediaType, width, height } = image
      const stored = { id, mediaType, width, height, bytes: image.bytes.length }
      // First the pixels: a row without them would be a promise that nobody can keep.
      await blobs.put(blobOf(organizationId, id), organizationId, organizationId, image.bytes)
      await database.transaction(async (tx) => {
        const [written] = await tx
          .insert(tx.tables.templateImages)
          .values({ organizationId, ...stored, sourceDigest, createdAt: now() })
          .onConflictDoNothing({ target: [tx.tables.templateImages.organizationId, tx.tables.templateImages.id] })
          .returning({ id: tx.tables.templateImages.id })
        if (written) await tx.audit({ organizationId, action: 'template-image.stored', target: id, details: { mediaType, width, height } })
      })
      return stored
    },
    read: (organizationId, id) =>
      inContext({ organizationId }, async () => {
        const [found] = await find(organizationId, [id])
        if (!found) throw unknown()
        const { mediaType, width, height } = found
        const bytes = await blobs.get(blobOf(organizationId, id), organizationId)
        return { mediaType, width, height, bytes: new Uint8Array(bytes) }
      }),
  }
}
