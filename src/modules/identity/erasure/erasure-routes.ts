import { createRoute, z } from '@hono/zod-openapi'
import { accessOfRequest } from '#platform/http/access-token.ts'
import { scoped } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import type { Erasures } from './erasures.ts'

const tags = ['Recipients']
const params = z.object({ id: z.string().max(64) })

const Receipt = z.object({
  recipientId: z.string(),
  erasedAt: z.iso.datetime(),
  /** Every module has confirmed that it has nothing any more. */
  complete: z.boolean(),
  completedAt: z.iso.datetime().nullable(),
  parts: z.array(z.object({ module: z.string(), confirmedAt: z.iso.datetime(), removed: z.record(z.string(), z.number().int()) })),
  /** Modules that have not confirmed yet. */
  pending: z.array(z.string()),
  signed: z.string().nullable(),
})

/** Erasing a recipient, and what can be shown of it later. */
export function erasureRoutes(app: PublicApp, erasures: Erasures): void {
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/recipients/{id}',
      tags,
      summary: 'Erase a recipient for good',
      description:
        'Destroys the key of everything that is stored about this person, and tells all parts to drop the rest. ' +
        'Nobody can undo it. Asking again changes nothing. `GET /v1/recipients/{id}/erasure` tells when all parts are done.',
      ...scoped('recipients:erase'),
      request: { params },
      responses: {
        200: {
          description: 'Erased, now or earlier',
          content: { 'application/json': { schema: z.object({ id: z.string(), erasedAt: z.iso.datetime() }) } },
        },
      },
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      const erasedAt = await erasures.erase(accessOfRequest(c).organizationId, id)
      return c.json({ id, erasedAt: erasedAt.toISOString() }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/recipients/{id}/erasure',
      tags,
      summary: 'The receipt of an erasure',
      description:
        'What was removed where and when, without the person. `complete` once every part has confirmed; from then on `signed` is a JWS over ' +
        'the rest (type `erasure-receipt+jwt`, keys at `/oauth/jwks.json`). The audit has it too.',
      ...scoped('recipients:erase'),
      request: { params },
      responses: { 200: { description: 'The receipt', content: { 'application/json': { schema: Receipt } } } },
    }),
    async (c) => c.json(await erasures.receipt(accessOfRequest(c).organizationId, c.req.valid('param').id) as z.input<typeof Receipt>, 200),
  )
}
