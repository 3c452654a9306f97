import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { accepted, prefersHtml } from '#platform/http/accept.ts'
import type { PublicEnvironment } from '#platform/http/app.ts'
import { problemOf } from '#platform/http/problem-response.ts'
import { forEveryone } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import { credentialPage } from '../page/credential-page.ts'
import { chooseLanguage } from '../page/language.ts'
import { problemPage } from '../page/problem-page.ts'
import { style, stylePath } from '../page/style.ts'
import type { VerificationContext } from '../verification-context.ts'
import { type Describe, describeAsJson } from './describe.ts'
import { credentialVersion, currentCredential, openProjected } from './projection.ts'

const tags = ['Public']
const signedTypes = ['application/vc+ld+json', 'application/vc', 'application/json', 'application/ld+json'] as const
/** A person may be erased at any time, and no cache between us and a reader would hear of it. */
const uncached = { 'cache-control': 'no-cache', vary: 'accept, accept-language' }
const RETRY_SECONDS = 15

const object = z.object({}).loose()
const publicId = { params: z.object({ publicId: z.string().min(1).max(64) }) }
const signed = { description: 'The signed credential', content: { 'application/vc+ld+json': { schema: object } } }

/** What anyone may see of a credential whose address they know; none of it needs a token, none of it writes. */
export function credentialRoutes(app: PublicApp, context: VerificationContext, describe: Describe): void {
  const { clients, openDocument, log } = context

  app.get(stylePath, (c) =>
    c.body(style, 200, { 'content-type': 'text/css; charset=utf-8', 'cache-control': 'public, max-age=31536000, immutable' }))

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v/{publicId}',
      tags,
      ...forEveryone,
      summary: 'A credential, checked: a page for people, JSON for programs',
      description: 'HTML when Accept names text/html; the signed credential for application/vc; else JSON with status, checks, log proof and anchor.',
      request: { ...publicId, query: z.object({ lang: z.string().max(35).optional() }) },
      responses: {
        200: { description: 'The current version', content: { 'application/json': { schema: object }, 'text/html': { schema: z.string() }, 'application/vc+ld+json': { schema: object } } },
      },
    }),
    (c) =>
      forPeople(c, async () => {
        const row = await currentCredential(context, c.req.param('publicId'))
        if (prefersHtml(c.req.header('accept'))) {
          const description = await describe(row)
          const language = chooseLanguage(c.req.query('lang'), c.req.header('accept-language'), description.content.locale)
          return c.html(credentialPage(description, language), 200, uncached)
        }
        const type = accepted(c.req.header('accept'), ['application/json', 'application/vc+ld+json', 'application/vc', 'application/ld+json'])
        if (type !== 'application/json') return signedResponse((await openProjected(context, row)).document, type)
        return c.json(describeAsJson(await describe(row)), 200, uncached)
      }) as never,
  )

  /** A person who meets a refusal sees a page with a sentence, a program the problem. */
  async function forPeople(c: Context<PublicEnvironment>, answer: () => Promise<Response>): Promise<Response> {
    try {
      return await answer()
    } catch (error) {
      if (!prefersHtml(c.req.header('accept'))) throw error
      const problem = problemOf(error, log)
      const headers: Record<string, string> = { 'cache-control': 'no-store', vary: 'accept, accept-language' }
      if (problem.status >= 503) headers['retry-after'] = String(RETRY_SECONDS)
      const language = chooseLanguage(c.req.query('lang'), c.req.header('accept-language'))
      return c.html(problemPage(problem, language), problem.status as 404, headers)
    }
  }

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v/{publicId}/certificate.pdf',
      tags,
      ...forEveryone,
      summary: 'The printed credential',
      request: publicId,
      responses: { 200: { description: 'The PDF', content: { 'application/pdf': { schema: z.string().openapi({ format: 'binary' }) } } } },
    }),
    (c) =>
      forPeople(c, async () => {
        const row = await currentCredential(context, c.req.valid('param').publicId)
        await openProjected(context, row)
        const pdf = await certificate(row.id, c.req.raw.signal)
        return new Response(pdf as ReadableStream<Uint8Array<ArrayBuffer>>, {
          headers: {
            'content-type': 'application/pdf',
            'content-disposition': `inline; filename="certificate-${row.publicId}.pdf"`,
            ...uncached,
          },
        })
      }) as never,
  )

  async function certificate(credentialId: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    try {
      return await openDocument(await clients.issuance.certificate({ credentialId }), { signal })
    } catch (error) {
      if (!(error instanceof Problem) || error.status < 500) throw error
      const detail = 'The printed certificate cannot be had at the moment; try again in a few seconds. The signed credential is in credential.json.'
      throw new Problem('unavailable', detail, { retryAfterSeconds: RETRY_SECONDS, cause: error })
    }
  }

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v/{publicId}/credential.json',
      tags,
      ...forEveryone,
      summary: 'The signed credential, to keep',
      request: publicId,
      responses: { 200: signed },
    }),
    (c) =>
      forPeople(c, async () => {
        const row = await currentCredential(context, c.req.valid('param').publicId)
        const { document } = await openProjected(context, row)
        return signedResponse(document, 'application/vc+ld+json', `credential-${row.publicId}.json`)
      }) as never,
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/credentials/{documentId}',
      tags,
      ...forEveryone,
      summary: 'One version of a credential, byte for byte as it was signed',
      request: { params: z.object({ documentId: z.string().min(1).max(64) }) },
      responses: { 200: signed },
    }),
    (c) =>
      forPeople(c, async () => {
        const type = accepted(c.req.header('accept'), signedTypes)
        const row = await credentialVersion(context, c.req.valid('param').documentId)
        return signedResponse((await openProjected(context, row)).document, type)
      }) as never,
  )
}

function signedResponse(document: string, type: string, fileName?: string): Response {
  const headers: Record<string, string> = { 'content-type': type, ...uncached }
  if (fileName !== undefined) headers['content-disposition'] = `attachment; filename="${fileName}"`
  return new Response(document, { headers })
}
