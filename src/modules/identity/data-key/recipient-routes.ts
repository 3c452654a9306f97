import { createRoute, z } from '@hono/zod-openapi'
import { accessOfRequest } from '#platform/http/access-token.ts'
import { scoped } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import type { DataKeys } from './data-keys.ts'

export function recipientRoutes(app: PublicApp, dataKeys: DataKeys): void {
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/recipients/{id}',
      tags: ['Recipients'],
      summary: 'Erase a recipient for good',
      description:
        'Destroys the key of everything that is stored about this person, and tells all parts to drop the rest. ' +
        'Nobody can undo it. Asking again changes nothing.',
      ...scoped('recipients:erase'),
      request: { params: z.object({ id: z.string().max(64) }) },
      responses: {
        200: {
          description: 'Erased, now or earlier',
          content: { 'application/json': { schema: z.object({ id: z.string(), erasedAt: z.iso.datetime() }) } },
        },
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const erasedAt = await dataKeys.eraseRecipient(accessOfRequest(c).organizationId, id)
      return c.json({ id, erasedAt: erasedAt.toISOString() }, 200)
    },
  )
}
