import { z } from '@hono/zod-openapi'
import { freeText, oneLine } from '#platform/typed-text.ts'
import { ACHIEVEMENT_TYPES } from '../credential/open-badge.ts'

/** What the API takes and answers about templates. */

const page = z.record(z.string(), z.unknown()).openapi({
  description:
    'A page of your own in pdfme’s template format: basePdf as { width, height, padding } in millimetres, schemas with one page of the types ' +
    'text, image, line, rectangle, ellipse and qrcode. A text shows what the credential says by its name (recipientName, achievementName, ' +
    'issuerName, statement, date, dateLabel, issuedLine, verifyUrl, test, words.title and other words); a readOnly text its own content. ' +
    'A picture is a data: URL, or image: and the id that POST /v1/templates/images answered.',
})

const design = z.union([
  z.string().max(100).openapi({ example: 'certificate-classic', description: 'A built-in design.' }),
  page,
])

export const Content = z.strictObject({
  design,
  statement: oneLine(300).optional().openapi({ description: 'Printed between the recipient and the achievement.' }),
  description: freeText(2_000),
  criteria: freeText(5_000),
  achievementType: z.enum(ACHIEVEMENT_TYPES),
  suspendable: z.boolean().optional().openapi({ description: 'Whether its credentials can be suspended; they then carry two status entries.' }),
})
export type Content = z.output<typeof Content>

const archivedAt = z.iso.datetime().nullable().openapi({ description: 'Since when nothing new is issued with it.' })

export const Template = z
  .object({
    id: z.string(),
    slug: z.string(),
    version: z.number().int(),
    archivedAt,
    content: z.object({ ...Content.shape, achievementType: z.string() }),
  })
  .openapi('Template')

export const TemplateSummary = z
  .object({
    id: z.string(),
    slug: z.string(),
    version: z.number().int(),
    archivedAt,
    design: z.string().openapi({ description: 'A built-in design, or "own".' }),
    description: z.string(),
    achievementType: z.string(),
  })
  .openapi('TemplateSummary')

export const DuplicatedTemplate = z
  .object({ id: z.string(), slug: z.string(), version: z.number().int(), links: z.object({ self: z.string() }) })
  .openapi('DuplicatedTemplate')

export const TemplateVersion = z.object({ version: z.number().int(), createdAt: z.iso.datetime() }).openapi('TemplateVersion')

/** Of a request with a design and its pictures: the largest picture in base64, and 1 MB beside it. */
export const DESIGN_BYTES = 8 * 1024 * 1024

export const versionBody = z.number().int().min(1).max(999_999_999).optional().openapi({ description: 'Without it the newest.' })
export const versionQuery = z.coerce.number().int().min(1).max(999_999_999).optional().openapi({ description: 'Without it the newest.' })

/** Addresses under /v1/templates that are no template's. */
const reserved = ['images', 'preview']

export const Slug = z
  .string()
  .min(2)
  .max(50)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'Use small letters, digits and single hyphens between them.')
  .refine((slug) => !reserved.includes(slug), 'Choose another slug; this one is an address of the API.')

export const TemplateImage = z
  .object({
    id: z.string().openapi({ description: 'For a design: `"content": "image:{id}"`.' }),
    mediaType: z.enum(['image/png', 'image/jpeg']),
    width: z.number().int(),
    height: z.number().int(),
    bytes: z.number().int(),
  })
  .openapi('TemplateImage')
