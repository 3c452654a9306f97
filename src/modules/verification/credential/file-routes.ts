import { createRoute, z } from '@hono/zod-openapi'
import { forEveryone } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import { type ForPeople, RETRY_SECONDS, uncached } from '../page/for-people.ts'
import type { VerificationContext } from '../verification-context.ts'
import { currentCredential, openProjected } from './projection.ts'
import { signedResponse, unindexed } from './signed-response.ts'

const tags = ['Public']
const publicId = { params: z.object({ publicId: z.string().min(1).max(64) }) }

/** What can be kept of a credential: what was printed, and the signed credential itself. */
export function fileRoutes(app: PublicApp, context: VerificationContext, forPeople: ForPeople): void {
  const { clients, openDocument } = context

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
      forPeople(c, 'missing', async () => {
        const row = await currentCredential(context, c.req.valid('param').publicId)
        await openProjected(context, row)
        const pdf = await certificate(row.id, c.req.raw.signal)
        return new Response(pdf as ReadableStream<Uint8Array<ArrayBuffer>>, {
          headers: {
            'content-type': 'application/pdf',
            'content-disposition': `inline; filename="certificate-${row.publicId}.pdf"`,
            ...uncached,
            ...unindexed,
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
      responses: { 200: { description: 'The signed credential', content: { 'application/vc+ld+json': { schema: z.object({}).loose() } } } },
    }),
    (c) =>
      forPeople(c, 'missing', async () => {
        const row = await currentCredential(context, c.req.valid('param').publicId)
        const { document } = await openProjected(context, row)
        return signedResponse(document, 'application/vc+ld+json', `credential-${row.publicId}.json`)
      }) as never,
  )
}
