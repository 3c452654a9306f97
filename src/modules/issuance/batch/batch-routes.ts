import { createRoute, z } from '@hono/zod-openapi'
import { json } from '#platform/http/json-response.ts'
import { accessOfRequest, accessStands } from '#platform/http/access-token.ts'
import { scoped } from '#platform/http/scoped.ts'
import { streamOf } from '#platform/http/stream-of.ts'
import { pageCursor } from '#platform/typed-text.ts'
import type { PublicApp } from '#platform/module.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import { createBatchEvents } from './batch-events.ts'
import { Batch, BatchStateName, RowError } from './batch-schemas.ts'
import { batchErrors, getBatch, listBatches } from './batches.ts'
import { certificateArchive } from './certificate-files.ts'
import { errorFile } from './error-file.ts'
import { type BatchOrder, orderBatch } from './orders.ts'

const id = z.object({ id: z.string().max(64) })
const tags = ['Batches']

/** What became of files. */
export function batchRoutes(app: PublicApp, context: IssuanceContext): void {
  const events = createBatchEvents(context)

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/batches',
      tags,
      summary: 'List batches, newest first',
      ...scoped('credentials:read'),
      request: {
        query: z.object({
          state: BatchStateName.optional(),
          after: pageCursor.optional(),
          limit: z.coerce.number().int().min(1).max(100).default(20),
        }),
      },
      responses: { 200: json(z.object({ batches: z.array(Batch), next: z.string().nullable() }), 'A page') },
    }),
    async (c) => c.json(await listBatches(context, accessOfRequest(c).organizationId, c.req.valid('query')) as never, 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/batches/{id}',
      tags,
      summary: 'How far a batch is',
      ...scoped('credentials:read'),
      request: { params: id },
      responses: { 200: json(Batch, 'The batch') },
    }),
    async (c) => c.json(await getBatch(context, accessOfRequest(c).organizationId, c.req.valid('param').id) as never, 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/batches/{id}/errors',
      tags,
      summary: 'Which records were refused, and why',
      ...scoped('credentials:read'),
      request: {
        params: id,
        query: z.object({
          after: z.coerce.number().int().min(0).default(0).openapi({ description: '`next` of the page before.' }),
          limit: z.coerce.number().int().min(1).max(1_000).default(200),
        }),
      },
      responses: { 200: json(z.object({ errors: z.array(RowError), next: z.number().int().nullable() }), 'A page') },
    }),
    async (c) => {
      const { organizationId } = accessOfRequest(c)
      return c.json(await batchErrors(context, organizationId, c.req.valid('param').id, c.req.valid('query')), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/batches/{id}/errors.csv',
      tags,
      summary: 'The refused records as a file that can be corrected and sent again',
      description:
        'The columns of the file, and behind them line, code and message, which are passed over when it is sent again. An ' +
        'apostrophe stands before a cell that a spreadsheet would take for a formula; it is taken away again too. The cells are ' +
        'kept for 30 days, and those of a person until the person is erased.',
      ...scoped('credentials:read'),
      request: { params: id },
      responses: { 200: { description: 'CSV, UTF-8 with a byte-order mark', content: { 'text/csv': { schema: { type: 'string' as const } } } } },
    }),
    async (c) => {
      const batchId = c.req.valid('param').id
      const lines = await errorFile(context, accessOfRequest(c).organizationId, batchId)
      return new Response(streamOf(lines), {
        headers: { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': `attachment; filename="batch-${batchId}-errors.csv"` },
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/batches/{id}/certificates.zip',
      tags,
      summary: 'The certificates of a batch as one archive',
      description:
        'Those that are issued by now, in the order of the file, named after record and recipient. Revoked and superseded ones are ' +
        'left out, and those of erased people. 409 while there is none.',
      ...scoped('credentials:read'),
      request: { params: id },
      responses: {
        200: { description: 'A zip archive, not compressed', content: { 'application/zip': { schema: z.string().openapi({ format: 'binary' }) } } },
      },
    }),
    async (c) => {
      const batchId = c.req.valid('param').id
      const archive = await certificateArchive(context, accessOfRequest(c).organizationId, batchId)
      return new Response(streamOf(archive), {
        headers: { 'content-type': 'application/zip', 'content-disposition': `attachment; filename="batch-${batchId}-certificates.zip"` },
      }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/batches/{id}/events',
      tags,
      summary: 'How a batch gets on, as server-sent events',
      description:
        'An event `batch` with the batch as data when it changed, once a second at most; a comment every 15 seconds; and an event ' +
        '`end`, with which the stream is over, when the batch is finished, failed or cancelled. It ends before that when the token ' +
        'does, or the server stops: come again with `Last-Event-ID`.',
      ...scoped('credentials:read'),
      request: { params: id, headers: z.object({ 'last-event-id': z.string().max(64).optional() }) },
      responses: {
        200: { description: 'Events', content: { 'text/event-stream': { schema: { type: 'string' as const } } } },
        204: { description: 'The end was told before: nothing more will come' },
      },
    }),
    async (c) => {
      const { organizationId } = accessOfRequest(c)
      const batchId = c.req.valid('param').id
      const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' }
      if (c.req.method === 'HEAD') {
        await getBatch(context, organizationId, batchId)
        return new Response(null, { headers }) as never
      }
      const stream = await events.follow({
        organizationId,
        batchId,
        lastEventId: c.req.valid('header')['last-event-id'],
        mayStay: () => accessStands(c),
      })
      return (stream ? new Response(stream, { headers }) : c.body(null, 204)) as never
    },
  )

  for (const [order, summary] of Object.entries(orders) as [BatchOrder, string][])
    app.openapi(
      createRoute({
        method: 'post',
        path: `/v1/batches/{id}/${order}`,
        tags,
        summary,
        ...scoped('credentials:write'),
        request: { params: id },
        responses: { 200: json(Batch, 'The batch. The order stands; it takes a moment until all of it is carried out') },
      }),
      async (c) => {
        const { organizationId } = accessOfRequest(c)
        const batchId = c.req.valid('param').id
        await orderBatch(context, organizationId, batchId, order)
        return c.json((await getBatch(context, organizationId, batchId)) as never, 200)
      },
    )
}

const orders: Readonly<Record<BatchOrder, string>> = {
  pause: 'Hold a batch: what is not begun waits until it is resumed',
  resume: 'Let a paused batch go on',
  cancel: 'Cancel a batch: what is not issued yet never will be, what is issued stays',
}
