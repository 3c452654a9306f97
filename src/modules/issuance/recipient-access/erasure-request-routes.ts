import { createRoute, z } from '@hono/zod-openapi'
import { accessOfRequest } from '#platform/http/access-token.ts'
import { json } from '#platform/http/json-response.ts'
import { scoped } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import { oneLine, pageCursor } from '#platform/typed-text.ts'
import type { ErasureRequests } from './erasure-requests.ts'

const State = z.enum(['open', 'withdrawn', 'refused', 'erasing'])

const ErasureRequest = z
  .object({
    id: z.string(),
    state: State.openapi({ description: 'erasing: granted, and being carried out. What is carried out is in the list no more; its receipt is.' }),
    recipient: z.object({ id: z.string(), name: z.string(), email: z.string() }).nullable(),
    reason: z.string().nullable().openapi({ description: 'Why it was refused.' }),
    createdAt: z.iso.datetime(),
    dueAt: z.iso.datetime().openapi({ description: 'A month later, by when the recipient is to be answered (GDPR, Art. 12(3)).' }),
    decidedAt: z.iso.datetime().nullable(),
  })
  .openapi('ErasureRequest')

const tags = ['Recipients']
const id = { params: z.object({ id: z.string().max(64) }) }

/** What recipients ask for, and what an organization answers. */
export function erasureRequestRoutes(app: PublicApp, requests: ErasureRequests): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/erasure-requests',
      tags,
      summary: 'Recipients who ask to be erased, newest first',
      description: 'They ask on their own page, by a mailed link. Nothing is erased until you grant it, and until then they can take it back.',
      ...scoped('recipients:erase'),
      request: {
        query: z.object({
          state: State.optional(),
          after: pageCursor.optional().openapi({ description: '`next` of the page before.' }),
          limit: z.coerce.number().int().min(1).max(200).default(50),
        }),
      },
      responses: { 200: json(z.object({ requests: z.array(ErasureRequest), next: z.string().nullable() }), 'A page') },
    }),
    async (c) => c.json(await requests.list(accessOfRequest(c).organizationId, c.req.valid('query')), 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/erasure-requests/{id}/grant',
      tags,
      summary: 'Erase who asked for it, for good',
      description: 'As `DELETE /v1/recipients/{id}`, unless the request was taken back meanwhile. `GET /v1/recipients/{id}/erasure` has the receipt.',
      ...scoped('recipients:erase'),
      request: id,
      responses: { 202: json(ErasureRequest, 'It is being carried out') },
    }),
    async (c) => c.json(await requests.grant(accessOfRequest(c).organizationId, c.req.valid('param').id), 202),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/erasure-requests/{id}/refuse',
      tags,
      summary: 'Refuse a request, with a reason that the recipient is mailed',
      ...scoped('recipients:erase'),
      request: {
        ...id,
        body: { content: { 'application/json': { schema: z.strictObject({ reason: oneLine(1_000) }) } }, required: true },
      },
      responses: { 200: json(ErasureRequest, 'Refused') },
    }),
    async (c) => c.json(await requests.refuse(accessOfRequest(c).organizationId, c.req.valid('param').id, c.req.valid('json').reason), 200),
  )
}
