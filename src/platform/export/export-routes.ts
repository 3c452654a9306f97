import { Readable } from 'node:stream'
import { createRoute, z } from '@hono/zod-openapi'
import { getCookie } from 'hono/cookie'
import type { Logger } from 'pino'
import { readBlobs } from '../backup/blobs-file.ts'
import { callHeaders, exportPath } from '../call/headers.ts'
import type { ServiceTokens } from '../call/service-token.ts'
import type { Transport } from '../call/transport.ts'
import { accessOfRequest } from '../http/access-token.ts'
import type { Access } from '../http/access.ts'
import { readProblem } from '../http/problem-response.ts'
import { scoped } from '../http/scoped.ts'
import { recipientCookie } from '../http/session-cookie.ts'
import { type StoredFile, storedZip } from '../http/stored-zip.ts'
import type { Client } from '../contract.ts'
import type { PublicApp } from '../module.ts'
import { OrganizationId } from '../organization-id.ts'
import { Problem } from '../problem.ts'
import type { recipientOperations } from '../recipient-operations.ts'

export interface ExportOptions {
  /** All modules, the one that knows whether there is such a person first. */
  readonly modules: readonly string[]
  readonly transportTo: (module: string) => Transport
  readonly tokens: ServiceTokens
  readonly log: Logger
  readonly publicUrl: string
  /** Who shows a recipient's cookie; throws `Problem`. Undefined: the program has no recipients who come by themselves. */
  readonly recipientOf: Client<{ module: string; operations: typeof recipientOperations }>['recipientSession'] | undefined
}

/** For whom, and who asked. */
type Asked = Pick<Access, 'organizationId' | 'actor'>

const tags = ['Exports']
const archive = { 200: { description: 'A zip archive with a folder for each module', content: { 'application/zip': { schema: z.string().openapi({ format: 'binary' }) } } } }

/** What the front door puts together out of all modules, piece by piece as it is read: decision 0212. */
export function exportRoutes(app: PublicApp, options: ExportOptions): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/exports/recipients/{id}',
      tags,
      summary: 'All that is held about a recipient',
      description: 'Credentials, certificates, messages, refused records and lines of the audit, from every part. An erased one answers 410.',
      ...scoped('recipients:export'),
      request: { params: z.object({ id: z.string().max(64) }) },
      responses: archive,
    }),
    async (c) => {
      const { id } = c.req.valid('param')
      return (await zipOf(options, accessOfRequest(c), id, `recipient-${id}`)) as never
    },
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/exports/organization',
      tags,
      summary: 'Everything of your organization',
      description:
        'Organization, API clients without secrets, templates, achievements, batches, credentials, certificates, recipients, messages, log and audit. ' +
        'It streams: what changes meanwhile may be in one part and not in another, and an archive without its end was cut off.',
      ...scoped('organization:export'),
      responses: archive,
    }),
    async (c) => (await zipOf(options, accessOfRequest(c), undefined, 'organization')) as never,
  )
  if (options.recipientOf) ownExportRoute(app, options, options.recipientOf)
}

/** What a recipient takes out themselves, by the cookie of a mailed link. */
function ownExportRoute(app: PublicApp, options: ExportOptions, recipientOf: NonNullable<ExportOptions['recipientOf']>): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/exports/mine',
      tags,
      security: [{ recipient: [] }] as Record<string, string[]>[],
      summary: 'All that is held about a recipient, for themselves',
      description: 'As `GET /v1/exports/recipients/{id}`, for whoever came to `/recipient/{slug}` by a mailed link.',
      responses: archive,
    }),
    async (c) => {
      const token = getCookie(c, recipientCookie(options.publicUrl))
      if (!token || token.length > 100) throw new Problem('unauthenticated', 'Ask for a mailed link on the page of a credential, and open it.')
      const { organizationId, recipientId } = await recipientOf({ token })
      return (await zipOf(options, { organizationId: OrganizationId.parse(organizationId), actor: `recipient:${recipientId}` }, recipientId, 'my-data')) as never
    },
  )
}

async function zipOf(options: ExportOptions, asked: Asked, recipientId: string | undefined, name: string): Promise<Response> {
  const [first, ...others] = options.modules
  // The first of all is asked before the answer begins: it knows whether there is such a person.
  const opened = await openModule(options, first!, asked, recipientId)
  const files = filesOf({ ...options, modules: others }, { module: first!, body: opened }, asked, recipientId)
  const stream = Readable.toWeb(Readable.from(storedZip(files)))
  return new Response(stream as unknown as ReadableStream<Uint8Array<ArrayBuffer>>, {
    headers: { 'content-type': 'application/zip', 'content-disposition': `attachment; filename="${name}.zip"`, 'cache-control': 'no-store' },
  })
}

async function openModule({ transportTo, tokens }: ExportOptions, module: string, asked: Asked, recipientId: string | undefined): Promise<ReadableStream<Uint8Array>> {
  const query = new URLSearchParams({ organization: asked.organizationId, ...(recipientId !== undefined && { recipient: recipientId }) })
  const headers = {
    [callHeaders.authorization]: `Bearer ${await tokens.mint('gateway', module)}`,
    [callHeaders.actor]: asked.actor,
  }
  const answer = await transportTo(module)({ method: 'GET', path: `${exportPath(module)}?${query}`, headers, effect: 'read' })
  if (!answer.ok) throw await readProblem(answer)
  return answer.body!
}

async function* filesOf(
  options: ExportOptions, begun: { module: string; body: ReadableStream<Uint8Array> }, asked: Asked, recipientId: string | undefined,
): AsyncGenerator<StoredFile> {
  const modifiedAt = new Date()
  const counts: Record<string, number> = {}
  const foldered = async function* (module: string, body: ReadableStream<Uint8Array>): AsyncGenerator<StoredFile> {
    counts[module] = 0
    for await (const { name, content } of readBlobs(body)) {
      counts[module]++
      yield { name: `${module}/${name}`, content, modifiedAt }
    }
  }
  try {
    yield* foldered(begun.module, begun.body)
    for (const module of options.modules) yield* foldered(module, await openModule(options, module, asked, recipientId))
    const contents = { vellum: 'export', format: 1, organizationId: asked.organizationId, ...(recipientId !== undefined && { recipientId }), exportedAt: modifiedAt.toISOString(), files: counts }
    yield { name: 'contents.json', content: Buffer.from(`${JSON.stringify(contents, null, 2)}\n`), modifiedAt }
  } catch (error) {
    options.log.error({ err: error }, 'an export was cut off')
    throw error
  }
}
