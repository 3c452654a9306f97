import { createRoute, z } from '@hono/zod-openapi'
import type { Client } from '../contract.ts'
import { csvLine } from '../csv.ts'
import { accessOfRequest } from '../http/access-token.ts'
import { json } from '../http/json-response.ts'
import { scoped } from '../http/scoped.ts'
import { streamOf } from '../http/stream-of.ts'
import type { PublicApp } from '../module.ts'
import { AuditAction, AuditEntryJson, type platformContract } from '../platform-operations.ts'
import { readAudit, readCursor } from './whole-audit.ts'

const Entry = AuditEntryJson.extend({ module: z.string() }).openapi('AuditEntry')

const filters = {
  module: z.string().max(50).optional().openapi({ description: 'Of one module alone.' }),
  action: AuditAction.optional().openapi({ description: 'An action, or all that begin with it: `credential` finds `credential.revoked`.' }),
  actor: z.string().min(1).max(200).optional().openapi({ example: 'client:018f3c5e-7c1a-7000-8000-000000000000' }),
  target: z.string().min(1).max(400).optional().openapi({ description: 'The id of what was changed or asked for.' }),
  from: z.iso.datetime().optional(),
  to: z.iso.datetime().optional().openapi({ description: 'Not included.' }),
}

const columns = ['at', 'module', 'sequence', 'actor', 'address', 'action', 'target', 'details', 'traceId', 'hash'] as const
const FILE_PAGE = 500

/**
 * The audit trail of an organization over all modules. The platform answers it, beside the module that signs access tokens: the
 * entries lie in every module's database.
 */
export function auditRoutes(
  app: PublicApp,
  modules: readonly string[],
  clientOf: (module: string) => Client<ReturnType<typeof platformContract<string>>>,
): void {
  const sources = modules.map((module) => ({ module, read: clientOf(module).auditEntries }))

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/audit',
      tags: ['Audit'],
      summary: 'Who changed what, and who was refused',
      description: 'Newest first, of all modules. Each module has a chain of its own: `vellum audit verify` walks them.',
      ...scoped('audit:read'),
      request: {
        query: z.object({
          ...filters,
          after: z.string().max(1_000).optional().openapi({ description: '`next` of the page before.' }),
          limit: z.coerce.number().int().min(1).max(200).default(50),
        }),
      },
      responses: { 200: json(z.object({ entries: z.array(Entry), next: z.string().nullable() }), 'A page') },
    }),
    async (c) => {
      const { after, ...query } = c.req.valid('query')
      const { organizationId } = accessOfRequest(c)
      return c.json(await readAudit(sources, { organizationId, ...query }, readCursor(after)), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/audit.csv',
      tags: ['Audit'],
      summary: 'The same as a file for a spreadsheet',
      ...scoped('audit:read'),
      request: { query: z.object(filters) },
      responses: { 200: { description: 'CSV, UTF-8 with a byte-order mark', content: { 'text/csv': { schema: { type: 'string' as const } } } } },
    }),
    async (c) => {
      const { organizationId } = accessOfRequest(c)
      const filter = { organizationId, ...c.req.valid('query'), limit: FILE_PAGE }
      // A module that is away refuses the file before it begins.
      const first = await readAudit(sources, filter, {})
      async function* lines() {
        yield `\ufeff${csvLine(columns)}`
        for (let page = first; ; page = await readAudit(sources, filter, readCursor(page.next))) {
          for (const entry of page.entries)
            yield csvLine(columns.map((name) => (name === 'details' ? JSON.stringify(entry.details) : String(entry[name] ?? ''))))
          if (page.next === null) return
        }
      }
      return new Response(streamOf(lines()), {
        headers: { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': 'attachment; filename="audit.csv"' },
      }) as never
    },
  )
}
