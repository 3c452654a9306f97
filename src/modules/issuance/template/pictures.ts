import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { ImageCleaner } from '../image/image-cleaner.ts'
import { IMAGE_LIMITS, ImageRefused } from '../image/image-header.ts'
import { imageId, type Images } from '../image/images.ts'
import type { DesignImage } from '../render/designs/design.ts'
import type { OwnTemplate } from './own-template.ts'
import { type DesignFault, type PictureSource, readPdfmeTemplate } from './pdfme-template.ts'

/** A picture of a page, by its id; `bytes` where it need not be kept. */
export interface Picture {
  readonly id: string
  readonly size: number
}

/** What makes a picture of its source. Throws `ImageRefused`; undefined for an id that nobody knows. */
export type TakePicture<P extends Picture> = (source: PictureSource) => Promise<P | undefined>

const MOST_PICTURES = 20
/** They are in every file that is printed. */
const MOST_BYTES = 4 * 1024 * 1024

/** The problem of a design: a sentence that names the first field, and all faults with their JSON pointers (RFC 6901). */
export function designProblem(faults: readonly DesignFault[]): Problem {
  const [first] = faults
  return new Problem('validation-failed', `Correct the design at ${first?.pointer || 'its top'}: ${first?.message}`, {
    extensions: {
      errors: faults.slice(0, 100).map(({ pointer, message }) => ({ path: `design${pointer.replaceAll('/', '.')}`, pointer: `/design${pointer}`, message })),
    },
  })
}

/** Reads a page in pdfme's format and takes its pictures, one after another. Throws `Problem('validation-failed')`. */
export async function readOwnTemplate<P extends Picture>(
  value: unknown,
  take: TakePicture<P>,
): Promise<{ template: OwnTemplate; pictures: ReadonlyMap<string, P> }> {
  const read = readPdfmeTemplate(value)
  if ('faults' in read) throw designProblem(read.faults)
  if (read.pictures.length > MOST_PICTURES) throw designProblem([{ pointer: '/schemas/0', message: `Use at most ${MOST_PICTURES} pictures.` }])
  const ids = new Map<PictureSource, string>()
  const pictures = new Map<string, P>()
  for (const { pointer, source } of read.pictures) {
    const picture = await take(source).catch((error: unknown) => {
      throw error instanceof ImageRefused ? designProblem([{ pointer, message: error.message }]) : error
    })
    if (!picture) throw designProblem([{ pointer, message: 'There is no picture with this id; send it to POST /v1/templates/images.' }])
    ids.set(source, picture.id)
    pictures.set(picture.id, picture)
  }
  const size = [...pictures.values()].reduce((sum, picture) => sum + picture.size, 0)
  if (size > MOST_BYTES) {
    const message = `Make the pictures smaller: together they take ${(size / 1024 / 1024).toFixed(1)} MB, and every PDF file holds them; 4 MB is the most.`
    throw designProblem([{ pointer: '/schemas/0', message }])
  }
  return { template: read.template(ids), pictures }
}

/** Keeps what is sent along. */
export const keepPicture =
  (images: Images, organizationId: OrganizationId): TakePicture<Picture> =>
  async (source) => {
    const stored = 'id' in source ? (await images.find(organizationId, [source.id]))[0] : await images.store(organizationId, decoded(source.base64))
    return stored && { id: stored.id, size: stored.bytes }
  }

/** Looks at what is sent along, and keeps nothing. */
export const lookAtPicture =
  (images: Images, cleaner: ImageCleaner, organizationId: OrganizationId): TakePicture<Picture & { image: DesignImage }> =>
  async (source) => {
    if ('id' in source) {
      if ((await images.find(organizationId, [source.id])).length === 0) return undefined
      const image = await images.read(organizationId, source.id)
      return { id: source.id, size: image.bytes.length, image }
    }
    const image = await cleaner.clean(decoded(source.base64))
    return { id: imageId(image.bytes), size: image.bytes.length, image }
  }

function decoded(base64: string): Uint8Array {
  if (base64.length > (IMAGE_LIMITS.bytes / 3) * 4 + 4) throw new ImageRefused('Send a picture of at most 5 MB.')
  return Buffer.from(base64, 'base64')
}
