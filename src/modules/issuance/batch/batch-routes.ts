import { createRoute, z } from '@hono/zod-openapi'
import { json } from '#platform/http/json-response.ts'
import { accessOfRequest } from '#platform/http/access-token.ts'
import { idempotent } from '#platform/http/idempotency.ts'
import { formFile } from '#platform/http/form-file.ts'
import { acceptUpload } from '#platform/http/limits.ts'
import { scoped } from '#platform/http/scoped.ts'
import { oneLine, pageCursor } from '#platform/typed-text.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import { defaultTemplate } from '../template/built-in-templates.ts'
import { findTemplate } from '../template/templates.ts'
import { batchErrors, getBatch, listBatches } from './batches.ts'
import { importBatch } from './import-step.ts'
import { closeUpload, discardLeftBehind, discardUpload, openUpload } from './open-uploads.ts'
import { FILE_LIMIT, storeUpload } from './upload.ts'

const Batch = z
  .object({
    id: z.string(),
    state: z.enum(['importing', 'issuing', 'finished', 'failed']),
    rows: z.number().int(),
    created: z.number().int(),
    existing: z.number().int(),
    refused: z.number().int(),
    progress: z.record(z.string(), z.number().int()),
    abandoned: z.number().int().openapi({ description: 'New credentials that could not be issued: given up after several failures, or erased.' }),
    summary: z.string(),
    failure: z.string().nullable(),
    createdAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().nullable(),
  })
  .openapi('Batch')

const RowError = z
  .object({
    line: z.number().int().openapi({ description: 'First physical line of the record, from 1.' }),
    record: z.number().int().openapi({ description: 'Number of the record, from 1, without the header.' }),
    column: z.string().nullable(),
    code: z.string(),
    message: z.string(),
  })
  .openapi('RowError')

const AcceptedBatch = z
  .object({ id: z.string(), links: z.object({ self: z.string(), errors: z.string() }) })
  .openapi('AcceptedBatch')

const fields = ['name', 'email', 'achievement', 'completedOn', 'externalId', 'occurrence', 'locale'] as const
const columnQuery = Object.fromEntries(fields.map((field) => [`column.${field}`, z.string().max(200).optional()]))

const id = z.object({ id: z.string().max(64) })
const tags = ['Batches']

/** The file of a multipart form, or the body itself. */
function fileOf(request: Request): AsyncIterable<Uint8Array> {
  const type = request.headers.get('content-type') ?? ''
  if (/^multipart\/form-data\b/i.test(type)) return formFile(request, 'file')
  if (!/^(text\/csv|application\/(csv|octet-stream)|text\/plain)\b/i.test(type))
    throw new Problem('unsupported-media-type', 'Send the file as text/csv, or as the field "file" of multipart/form-data.')
  if (!request.body) throw new Problem('validation-failed', 'The file is empty; send a CSV file with a header and a record for each person.')
  return request.body as unknown as AsyncIterable<Uint8Array>
}

export function batchRoutes(app: PublicApp, context: IssuanceContext): void {
  const { database, keys, blobs, publicUrl, now } = context

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/batches',
      tags,
      summary: 'Issue to everyone in a CSV file',
      description:
        'The file is stored, then read record by record; follow the link. Columns are matched by their names. A bad record is ' +
        'refused alone. Sending the same file again issues nothing twice.',
      ...scoped('credentials:write', acceptUpload(FILE_LIMIT + 1024 * 1024)),
      request: {
        headers: z.object({ 'idempotency-key': z.string().optional() }),
        query: z
          .object({
            template: z.string().min(1).max(64).default(defaultTemplate).openapi({ description: 'Slug or id.' }),
            achievement: oneLine(200).optional().openapi({ description: 'For a file without a column for it.' }),
            notify: z.stringbool().default(true),
            ...columnQuery,
          })
          .openapi({ description: '`column.email=E-Mail` names the column for a field.' }),
        body: {
          required: true,
          content: {
            'text/csv': { schema: z.string() },
            // Told only: a schema here would have the whole form read into memory before the handler runs.
            'multipart/form-data': {
              schema: { type: 'object', required: ['file'], properties: { file: { type: 'string', format: 'binary' } } },
            },
          },
        },
      },
      responses: { 202: json(AcceptedBatch, 'Stored; it will be read') },
    }),
    async (c) => {
      const access = accessOfRequest(c)
      const { organizationId } = access
      const query = c.req.valid('query') as { template: string; achievement?: string; notify: boolean } & Record<string, unknown>
      const chosenColumns = Object.fromEntries(
        fields.flatMap((field) => {
          const column = query[`column.${field}`]
          return typeof column === 'string' ? [[field, column]] : []
        }),
      )
      await keys.load([organizationId])
      const template = await findTemplate({ database, now }, organizationId, query.template)
      await discardLeftBehind(context)
      const file = await storeUpload(blobs, organizationId, fileOf(c.req.raw), chosenColumns, {
        open: (batchId) => openUpload(context, organizationId, batchId),
        discard: (batchId) => discardUpload(context, batchId),
      })
      const self = `${publicUrl}/v1/batches/${file.batchId}`
      const settings = JSON.stringify([file.digest, template.id, query.achievement, query.notify, chosenColumns])
      try {
        const response = await idempotent(c, {
          database,
          keys,
          access,
          content: settings,
          run: async (tx) => {
            await tx.insert(tx.tables.batches).values({
              id: file.batchId,
              organizationId,
              state: 'importing',
              pieces: file.pieces,
              bytes: file.bytes,
              templateId: template.id,
              templateVersion: template.version,
              achievement: query.achievement ?? null,
              notify: query.notify,
              chosenColumns,
              rows: 0,
              created: 0,
              existing: 0,
              refused: 0,
              createdAt: now(),
            })
            await closeUpload(tx, file.batchId)
            await tx.addStep(importBatch, organizationId, file.batchId, { batchId: file.batchId })
            await tx.audit({ organizationId, action: 'batch.accepted', target: file.batchId, details: { bytes: file.bytes } })
            return {
              status: 202 as const,
              headers: { location: self },
              body: { id: file.batchId, links: { self, errors: `${self}/errors` } },
            }
          },
        })
        // A repeated request is told of the first one's batch, and stored its file for nothing.
        if (response.headers.get('location') !== self) await discardUpload(context, file.batchId)
        return response as never
      } catch (error) {
        // Where nobody can say whether the batch was accepted, the row of the open upload will.
        if (error instanceof Problem && error.code !== 'unavailable') await discardUpload(context, file.batchId)
        throw error
      }
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/batches',
      tags,
      summary: 'List batches, newest first',
      ...scoped('credentials:read'),
      request: {
        query: z.object({ after: pageCursor.optional(), limit: z.coerce.number().int().min(1).max(100).default(20) }),
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
}
