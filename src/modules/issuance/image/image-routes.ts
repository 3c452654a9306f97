import { createRoute, z } from '@hono/zod-openapi'
import { accessOfRequest } from '#platform/http/access-token.ts'
import { json } from '#platform/http/json-response.ts'
import { acceptUpload } from '#platform/http/limits.ts'
import { scoped } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import { TemplateImage } from '../template/template-schemas.ts'
import { IMAGE_LIMITS, ImageRefused } from './image-header.ts'
import type { Images } from './images.ts'

const tags = ['Templates']
const binary = z.string().openapi({ format: 'binary' })

export function imageRoutes(app: PublicApp, images: Images): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/templates/images',
      tags,
      summary: 'Keep a picture for templates',
      description:
        'PNG or JPEG, at most 5 MB and 10 megapixels, whatever its type says. It is decoded and encoded anew: what is kept holds its pixels and ' +
        'nothing else. The same file again is the same picture.',
      ...scoped('templates:write', acceptUpload(IMAGE_LIMITS.bytes)),
      request: {
        body: { required: true, content: { 'image/png': { schema: binary }, 'image/jpeg': { schema: binary } } },
      },
      responses: { 200: json(TemplateImage, 'The picture') },
    }),
    async (c) => {
      const { organizationId } = accessOfRequest(c)
      if (!/^image\/(png|jpe?g)\b|^application\/octet-stream\b/i.test(c.req.header('content-type') ?? ''))
        throw new Problem('unsupported-media-type', 'Send the picture itself as image/png or image/jpeg.')
      try {
        const { id, mediaType, width, height, bytes } = await images.store(organizationId, new Uint8Array(await c.req.raw.arrayBuffer()))
        return c.json({ id, mediaType, width, height, bytes }, 200)
      } catch (error) {
        throw error instanceof ImageRefused ? new Problem('validation-failed', error.message) : error
      }
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/templates/images/{id}',
      tags,
      summary: 'A picture as it is kept',
      ...scoped('templates:read'),
      request: { params: z.object({ id: z.string().max(64) }) },
      responses: { 200: { description: 'The picture', content: { 'image/png': { schema: binary }, 'image/jpeg': { schema: binary } } } },
    }),
    async (c) => {
      const { mediaType, bytes } = await images.read(accessOfRequest(c).organizationId, c.req.valid('param').id)
      return new Response(bytes, { headers: { 'content-type': mediaType, 'cache-control': 'private, max-age=86400, immutable' } }) as never
    },
  )
}
