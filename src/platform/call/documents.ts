import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Hono } from 'hono'
import type { Logger } from 'pino'
import { z } from 'zod'
import type { Blobs } from '../blobs/blobs.ts'
import { currentContext } from '../context.ts'
import { DocumentLink } from '../contract.ts'
import { problemOf, problemResponse, readProblem } from '../http/problem-response.ts'
import type { Documents } from '../module.ts'
import { OrganizationId } from '../organization-id.ts'
import { Problem } from '../problem.ts'
import { answered, type Caller, headersOf } from './client.ts'
import { callHeaders, documentPath } from './headers.ts'
import { bearerOf, clockTolerance, serviceKey, type ServiceTokens } from './service-token.ts'
import type { Transport } from './transport.ts'

const linkLifetimeMs = 60_000
/** Until the first byte; the stream itself may take longer. */
const openTimeoutMs = 10_000

const Ticket = z.tuple([z.string(), OrganizationId, z.string(), z.number()])

export interface DocumentsOptions {
  readonly module: string
  readonly secret: Uint8Array
  readonly now?: () => Date
}

const documentKey = ({ module, secret }: DocumentsOptions): Uint8Array =>
  serviceKey(secret, `document link v1 ${module}`)

const signatureOf = (key: Uint8Array, ticket: string): Buffer => createHmac('sha256', key).update(ticket).digest()

/** Links to this module's own blobs that open for a minute, in any process that knows SERVICE_SECRET; longer where clocks may differ. */
export function createDocuments(options: DocumentsOptions): Documents {
  const key = documentKey(options)
  const now = options.now ?? (() => new Date())
  return {
    link({ blob, organizationId, mediaType, fileName }) {
      const expiresAt = now().getTime() + linkLifetimeMs
      const ticket = Buffer.from(JSON.stringify([blob, organizationId, mediaType, expiresAt])).toString('base64url')
      const token = `${ticket}.${signatureOf(key, ticket).toString('base64url')}`
      return { module: options.module, path: documentPath(options.module, token), mediaType, fileName }
    },
  }
}

/** Answers `GET /internal/{module}/documents/{token}` out of the module's blobs. */
export function mountDocuments(
  app: Hono<any, any, any>,
  options: DocumentsOptions & { readonly blobs: Blobs; readonly tokens: ServiceTokens; readonly log?: Logger },
): void {
  const key = documentKey(options)
  const now = options.now ?? (() => new Date())
  app.get(documentPath(options.module, ':token'), async (c) => {
    try {
      await options.tokens.verify(bearerOf(c.req.header(callHeaders.authorization)), options.module)
      const [blob, organizationId, mediaType, expiresAt] = openTicket(key, c.req.param('token') ?? '')
      if (expiresAt + clockTolerance * 1_000 < now().getTime()) throw new Problem('gone', 'The link has expired; ask for a new one.')
      const content = await options.blobs.get(blob, organizationId)
      return new Response(content as Uint8Array<ArrayBuffer>, {
        headers: {
          'content-type': mediaType,
          'content-length': String(content.byteLength),
          'cache-control': 'no-store',
        },
      })
    } catch (error) {
      return problemResponse(problemOf(error, options.log))
    }
  })
}

function openTicket(key: Uint8Array, token: string): z.output<typeof Ticket> {
  const [ticket = '', signature = ''] = token.split('.')
  const given = Buffer.from(signature, 'base64url')
  const expected = signatureOf(key, ticket)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new Problem('not-found', 'The link is not one of ours.')
  }
  return Ticket.parse(JSON.parse(Buffer.from(ticket, 'base64url').toString()))
}

export type OpenDocument = (
  link: DocumentLink,
  options?: { signal?: AbortSignal },
) => Promise<ReadableStream<Uint8Array>>

/**
 * Streams what a link names, through the transport to its module. Throws `Problem`: `gone` when the link has expired
 * or the person was erased, `unavailable`, `deadline-exceeded` when nothing comes within ten seconds.
 */
export function createOpenDocument(transportTo: (module: string) => Transport, caller: Caller): OpenDocument {
  return async (link, { signal } = {}) => {
    const context = currentContext()
    if (context.transaction) throw new Error('A document was opened inside a database transaction; open it before')
    const { module, path } = DocumentLink.parse(link)
    if (!path.startsWith(documentPath(module, '')) || path.includes('..')) {
      throw new Problem('bad-request', 'The link does not name a document of its module.')
    }
    const waitMs = Math.min(openTimeoutMs, (context.deadline ?? Number.POSITIVE_INFINITY) - Date.now())
    const headers = await headersOf(context, module, caller, waitMs)
    // The wait ends with the first byte, so its signal is not the stream's: that one is the caller's alone.
    const answer = await answered(module, 'document', waitMs, signal, async () => {
      const request = { method: 'GET', path, headers, effect: 'read' } as const
      const response = await transportTo(module)(signal ? { ...request, signal } : request)
      if (!response.ok) throw await readProblem(response)
      return response
    })
    return answer.body ?? new ReadableStream({ start: (controller) => controller.close() })
  }
}
