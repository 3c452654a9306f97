import { createRoute, z } from '@hono/zod-openapi'
import { accepted } from '#platform/http/accept.ts'
import { accessOfRequest } from '#platform/http/access-token.ts'
import { acceptUpload } from '#platform/http/limits.ts'
import { scoped } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { oneLine } from '#platform/typed-text.ts'
import type { ImageCleaner } from '../image/image-cleaner.ts'
import type { Images } from '../image/images.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { DesignSource } from '../render/designs/design.ts'
import { ownDesign, type OwnDesigns } from './own-designs.ts'
import { designOfTemplate } from './own-template.ts'
import { lookAtPicture, readOwnTemplate } from './pictures.ts'
import type { Previews } from './previews.ts'
import { sampleNames } from './samples.ts'
import { builtInDesign } from './template-routes.ts'
import { Content, DESIGN_BYTES, versionBody } from './template-schemas.ts'
import { findVersion } from './templates.ts'

const tags = ['Templates']
const forms = ['application/pdf', 'image/png'] as const

const wish = {
  sample: z
    .enum(sampleNames)
    .default('given')
    .openapi({ description: 'Whose name and achievement stand where data says nothing: somebody usual, or what a page bears worst.' }),
  data: z
    .strictObject({
      recipientName: oneLine(400).optional(),
      achievementName: oneLine(400).optional(),
      completedOn: z.iso.date().optional(),
    })
    .default({}),
  locale: z.string().min(1).max(35).optional().openapi({ description: 'BCP 47; without it the language of the sample.' }),
  width: z.number().int().min(100).max(2_400).default(1_200).openapi({ description: 'Of a PNG, in pixels.' }),
}

const binary = z.string().openapi({ format: 'binary' })
const drawing = {
  200: { description: 'A specimen, marked as one: a PDF, or a PNG where Accept prefers it', content: { 'application/pdf': { schema: binary }, 'image/png': { schema: binary } } },
}

export function previewRoutes(
  app: PublicApp,
  context: IssuanceContext,
  parts: { images: Images; imageCleaner: ImageCleaner; ownDesigns: OwnDesigns; previews: Previews },
): void {
  const { images, imageCleaner, ownDesigns, previews } = parts

  /** A design that nobody has saved; pictures that came along are looked at and not kept. */
  async function unsaved(organizationId: OrganizationId, value: Content['design']): Promise<string | DesignSource> {
    if (typeof value === 'string') return builtInDesign(value)
    const { template, pictures } = await readOwnTemplate(value, lookAtPicture(images, imageCleaner, organizationId))
    const key = `${organizationId} ${ownDesign(template)}`
    const design = designOfTemplate(key, template, new Map([...pictures].map(([id, { image }]) => [id, image])))
    return { key, load: async () => design }
  }

  const respond = (bytes: Uint8Array, form: (typeof forms)[number]) =>
    new Response(bytes as Uint8Array<ArrayBuffer>, { headers: { 'content-type': form, vary: 'accept', 'cache-control': 'no-store' } }) as never

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/templates/preview',
      tags,
      summary: 'Look at a template before it is saved',
      description: 'Keeps nothing.',
      ...scoped('templates:read', acceptUpload(DESIGN_BYTES)),
      request: { body: { content: { 'application/json': { schema: z.strictObject({ content: Content, ...wish }) } }, required: true } },
      responses: drawing,
    }),
    async (c) => {
      const { organizationId } = accessOfRequest(c)
      const { content, ...wanted } = c.req.valid('json')
      const form = accepted(c.req.header('accept'), forms)
      const design = await unsaved(organizationId, content.design)
      return respond(await previews.draw(organizationId, { ...wanted, locale: wanted.locale, design, statement: content.statement, form }), form)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/templates/{slug}/preview',
      tags,
      summary: 'Look at a template with given or worst-case data',
      ...scoped('templates:read'),
      request: {
        params: z.object({ slug: z.string().max(64) }),
        body: { content: { 'application/json': { schema: z.strictObject({ version: versionBody, ...wish }) } }, required: true },
      },
      responses: drawing,
    }),
    async (c) => {
      const { organizationId } = accessOfRequest(c)
      const { version, ...wanted } = c.req.valid('json')
      const form = accepted(c.req.header('accept'), forms)
      const { content } = await findVersion(context, organizationId, c.req.valid('param').slug, version)
      const design = ownDesigns.forRendering(organizationId, content.design)
      return respond(await previews.draw(organizationId, { ...wanted, locale: wanted.locale, design, statement: content.statement, form }), form)
    },
  )
}
