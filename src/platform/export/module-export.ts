import { Readable } from 'node:stream'
import { and, asc, eq, gt, inArray } from 'drizzle-orm'
import type { Hono } from 'hono'
import type { Logger } from 'pino'
import { frameFiles } from '../backup/blobs-file.ts'
import { callHeaders, exportPath } from '../call/headers.ts'
import { bearerOf, type ServiceTokens } from '../call/service-token.ts'
import { inContext } from '../context.ts'
import type { PlatformDatabase } from '../database/transaction.ts'
import { problemOf, problemResponse } from '../http/problem-response.ts'
import type { ExportedFile, Exports } from '../module.ts'
import { OrganizationId } from '../organization-id.ts'
import { Problem } from '../problem.ts'

export interface ModuleExportOptions {
  readonly module: string
  readonly database: PlatformDatabase
  readonly exports: Exports | undefined
  readonly tokens: ServiceTokens
  readonly log: Logger
}

/**
 * Answers `GET /internal/{module}/export?organization=…[&recipient=…]` to the front door with a stream of files, each made when it is taken. A
 * stream that breaks lacks its last line. That it was asked for stands in the audit before the first byte.
 */
export function mountExport(app: Hono, options: ModuleExportOptions): void {
  const { module, database, tokens, log } = options
  app.get(exportPath(module), async (c) => {
    try {
      const caller = await tokens.verify(bearerOf(c.req.header(callHeaders.authorization)), module)
      if (caller !== 'gateway') throw new Problem('forbidden', 'An export is put together by the front door alone.')
      const organizationId = OrganizationId.parse(c.req.query('organization'))
      const recipientId = c.req.query('recipient')
      const context = { organizationId, actor: c.req.header(callHeaders.actor) ?? 'system' }
      const files = asIn(context, recipientId === undefined ? ofOrganization(options, organizationId) : ofPerson(options, organizationId, recipientId))
      // What it refuses, it refuses before the answer begins.
      const first = await files.next()
      await inContext(context, () => database.transaction((tx) => tx.audit({
        organizationId,
        action: recipientId === undefined ? 'organization.exported' : 'recipient.exported',
        target: recipientId ?? organizationId,
      })))
      const stream = Readable.toWeb(Readable.from(frameFiles(module, logged(first, files, log))))
      return new Response(stream as unknown as ReadableStream<Uint8Array<ArrayBuffer>>, { headers: { 'cache-control': 'no-store' } })
    } catch (error) {
      return problemResponse(problemOf(error, log))
    }
  })
}

async function* ofOrganization({ database, exports }: ModuleExportOptions, organizationId: OrganizationId): AsyncGenerator<ExportedFile> {
  if (exports) yield* exports.organization(organizationId)
  yield* auditFiles(database, organizationId, undefined)
}

async function* ofPerson({ database, exports }: ModuleExportOptions, organizationId: OrganizationId, recipientId: string): AsyncGenerator<ExportedFile> {
  const targets = new Set([recipientId])
  if (exports)
    for await (const file of exports.person(organizationId, recipientId)) {
      for (const target of file.targets ?? []) targets.add(target)
      yield file
    }
  yield* auditFiles(database, organizationId, [...targets])
}

const auditAtOnce = 1_000

/** Lines of JSON, a thousand in a file; of a person those alone that name something of theirs. */
async function* auditFiles({ raw }: PlatformDatabase, organizationId: string, targets: readonly string[] | undefined): AsyncGenerator<ExportedFile> {
  const { audit } = raw.platform
  for (let after = 0, page = 1; ; page++) {
    const rows = await raw
      .select()
      .from(audit)
      .where(and(eq(audit.organizationId, organizationId), gt(audit.sequence, after), targets && inArray(audit.target, [...targets])))
      .orderBy(asc(audit.sequence))
      .limit(auditAtOnce)
    if (rows.length === 0) return
    after = rows.at(-1)!.sequence
    const lines = rows.map(({ sequence, action, target, actor, details, occurredAt, hash }) =>
      ({ sequence, at: occurredAt.toISOString(), action, target, actor, details, hash: Buffer.from(hash).toString('hex') }))
    yield linesFile(`audit-${String(page).padStart(4, '0')}.ndjson`, lines)
  }
}

const encoder = new TextEncoder()

/** A file of one value as JSON. */
export const jsonFile = (name: string, value: unknown, targets: readonly string[] = []): ExportedFile =>
  ({ name, content: encoder.encode(`${JSON.stringify(value, null, 2)}\n`), targets })

/** A file of a line of JSON for each. */
export const linesFile = (name: string, values: readonly unknown[], targets: readonly string[] = []): ExportedFile =>
  ({ name, content: encoder.encode(values.map((value) => `${JSON.stringify(value)}\n`).join('')), targets })

/** Each piece is made in the context of the organization, whoever takes it. */
async function* asIn<T>(context: Parameters<typeof inContext>[0], pieces: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    for (;;) {
      const { done, value } = await inContext(context, () => pieces.next())
      if (done) return
      yield value
    }
  } finally {
    await pieces.return(undefined)
  }
}

/** Whoever reads finds the stream cut off; why, stands in the log. */
async function* logged(first: IteratorResult<ExportedFile>, rest: AsyncGenerator<ExportedFile>, log: Logger): AsyncGenerator<ExportedFile> {
  if (first.done) return
  try {
    yield first.value
    yield* rest
  } catch (error) {
    log.error({ err: error }, 'an export was cut off')
    throw error
  }
}
