import { createRoute, z } from '@hono/zod-openapi'
import { json } from '#platform/http/json-response.ts'
import { accessOfRequest } from '#platform/http/access-token.ts'
import { idempotent } from '#platform/http/idempotency.ts'
import { formFile } from '#platform/http/form-file.ts'
import { acceptUpload } from '#platform/http/limits.ts'
import { scoped } from '#platform/http/scoped.ts'
import { oneLine } from '#platform/typed-text.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import type { Acceptance } from '../credential/accept.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { OrganizationProfiles } from '../organization-profiles.ts'
import { defaultTemplate } from '../template/built-in-templates.ts'
import { findTemplate, findVersion, refuseArchived } from '../template/templates.ts'
import { AcceptedBatch, DryRun } from './batch-schemas.ts'
import { claimFields } from './column-rules.ts'
import { dryRun } from './dry-run.ts'
import { declaredFormat, type FileFormat, workbookType } from './file-format.ts'
import type { ChosenColumns } from './file-records.ts'
import { importBatch } from './import-step.ts'
import { closeUpload, discardLeftBehind, discardUpload, openUpload } from './open-uploads.ts'
import { forgetRefused, KEPT_MS } from './refused-cells.ts'
import { FILE_LIMIT, openArriving, storeUpload } from './upload.ts'
import type { Workbooks } from './workbooks.ts'

const columnQuery = Object.fromEntries(claimFields.map((field) => [`column.${field}`, z.string().max(200).optional()]))
const mediaTypes = ['text/csv', 'application/x-ndjson', 'application/jsonl', workbookType] as const

interface Query {
  readonly template: string
  readonly achievement?: string
  readonly notify: boolean
  readonly dryRun: boolean
  readonly sheet?: string
}

const chosenIn = (query: Query & Readonly<Record<string, unknown>>): ChosenColumns =>
  Object.fromEntries(
    claimFields.flatMap((field) => {
      const column = query[`column.${field}`]
      return typeof column === 'string' ? [[field, column]] : []
    }),
  )

/** The file of a multipart form, or the body itself, and what its sender says that it is. */
function fileOf(request: Request): { body: AsyncIterable<Uint8Array>; said: FileFormat | 'any' } {
  const type = request.headers.get('content-type') ?? ''
  if (/^multipart\/form-data\b/i.test(type)) return { body: formFile(request, 'file'), said: 'any' }
  const said = declaredFormat(type)
  if (!request.body) throw new Problem('validation-failed', 'The file is empty; send one with a record for each person.')
  return { body: request.body as unknown as AsyncIterable<Uint8Array>, said }
}

/** `POST /v1/batches`: a file comes in. */
export function uploadRoutes(
  app: PublicApp,
  context: IssuanceContext,
  { acceptance, profiles, workbooks }: { acceptance: Acceptance; profiles: OrganizationProfiles; workbooks: Workbooks },
): void {
  const { database, keys, blobs, publicUrl, now } = context

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/batches',
      tags: ['Batches'],
      summary: 'Issue to everyone in a file',
      description:
        'CSV, a JSON object on each line with the fields name, email, achievement, completedOn, externalId, occurrence, locale, or ' +
        'an XLSX workbook of at most 20 MB. ' +
        'The file is stored, then read record by record; follow the link. Columns are matched by their names. A bad record is ' +
        'refused alone. Sending the same file again issues nothing twice. With dryRun=true it is only read, and the answer says ' +
        'what would happen: nothing at all is written.',
      ...scoped('credentials:write', acceptUpload(FILE_LIMIT + 1024 * 1024)),
      request: {
        headers: z.object({ 'idempotency-key': z.string().optional() }),
        query: z
          .object({
            template: z.string().min(1).max(64).default(defaultTemplate).openapi({ description: 'Slug or id.' }),
            achievement: oneLine(200).optional().openapi({ description: 'For records that name none.' }),
            notify: z.stringbool().default(true),
            dryRun: z.stringbool().default(false).openapi({ description: 'Read the file, write nothing, and say what would happen.' }),
            sheet: oneLine(31).optional().openapi({ description: 'The sheet of a workbook; without it the first that is not hidden.' }),
            ...columnQuery,
          })
          .openapi({ description: '`column.email=E-Mail` names the column for a field.' }),
        body: {
          required: true,
          content: {
            // Told only: a schema that checks would have the whole body read into memory before the handler runs.
            ...Object.fromEntries(mediaTypes.map((type) => [type, { schema: { type: 'string' as const } }])),
            'multipart/form-data': {
              schema: { type: 'object', required: ['file'], properties: { file: { type: 'string', format: 'binary' } } },
            },
          },
        },
      },
      responses: { 202: json(AcceptedBatch, 'Stored; it will be read'), 200: json(DryRun, 'What would happen: with dryRun=true') },
    }),
    async (c) => {
      const access = accessOfRequest(c)
      const { organizationId } = access
      const query = c.req.valid('query') as Query & Record<string, unknown>
      const chosen = chosenIn(query)
      const { body, said } = fileOf(c.req.raw)
      if (query.dryRun) {
        const template = await findVersion({ database }, organizationId, query.template, undefined)
        refuseArchived(template)
        const { defaultLocale } = await profiles.of(organizationId)
        const { achievement } = query
        const file = await openArriving(workbooks, body, { said, chosen, sheet: query.sheet })
        return c.json((await dryRun(context, acceptance, file, { organizationId, template, achievement, defaultLocale, chosen })) as never, 200)
      }
      await keys.load([organizationId])
      const template = await findTemplate({ database, now }, organizationId, query.template)
      await discardLeftBehind(context)
      const file = await storeUpload({ blobs, workbooks }, organizationId, body, { said, chosen, sheet: query.sheet }, {
        open: (batchId) => openUpload(context, organizationId, batchId),
        discard: (batchId) => discardUpload(context, batchId),
      })
      const self = `${publicUrl}/v1/batches/${file.batchId}`
      const settings = JSON.stringify([file.digest, template.id, query.achievement, query.notify, chosen])
      try {
        const response = await idempotent(c, {
          database,
          keys,
          access,
          content: settings,
          run: async (tx) => {
            refuseArchived(template)
            await tx.insert(tx.tables.batches).values({
              id: file.batchId,
              organizationId,
              state: 'importing',
              pieces: file.pieces,
              bytes: file.bytes,
              format: file.format,
              header: file.header,
              templateId: template.id,
              templateVersion: template.version,
              achievement: query.achievement ?? null,
              notify: query.notify,
              chosenColumns: chosen,
              rows: 0,
              created: 0,
              existing: 0,
              refused: 0,
              createdAt: now(),
            })
            await closeUpload(tx, file.batchId)
            await tx.addStep(importBatch, organizationId, file.batchId, { batchId: file.batchId })
            const dueAt = new Date(now().getTime() + KEPT_MS)
            await tx.addStep(forgetRefused, organizationId, file.batchId, { batchId: file.batchId }, { dueAt })
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
}
