import { createRoute, z } from '@hono/zod-openapi'
import type { DocumentLink } from '#platform/contract.ts'
import { forEveryone } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import type { ImageForm } from '#modules/issuance/index.ts'
import { type ForPeople, RETRY_SECONDS, uncached } from '../page/for-people.ts'
import type { VerificationContext } from '../verification-context.ts'
import { currentCredential, openProjected } from './projection.ts'
import { signedResponse, unindexed } from './signed-response.ts'

const tags = ['Public']
const publicId = { params: z.object({ publicId: z.string().min(1).max(64) }) }

interface File {
  readonly name: string
  readonly summary: string
  readonly mediaType: string
  readonly headers: Readonly<Record<string, string>>
  /** Undefined: the printed certificate. */
  readonly image?: ImageForm
}

/** The reader's own browser may keep a picture for a while, because its page shows it; nobody in between may. */
const briefly = { 'cache-control': 'private, max-age=300' }
/** Opened by itself it is a document of this origin: it may do nothing but be drawn. */
const drawnOnly = { 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox" }

const files: readonly File[] = [
  { name: 'certificate.pdf', summary: 'The printed credential', mediaType: 'application/pdf', headers: {} },
  { name: 'preview.png', summary: 'What shared links show, 1200 by 630 pixels', mediaType: 'image/png', headers: briefly, image: 'preview' },
  { name: 'badge.png', summary: 'The badge, with the signed credential baked in (Open Badges 3.0)', mediaType: 'image/png', headers: briefly, image: 'badge-png' },
  { name: 'badge.svg', summary: 'The badge, with the signed credential baked in (Open Badges 3.0)', mediaType: 'image/svg+xml', headers: { ...briefly, ...drawnOnly }, image: 'badge-svg' },
]

/** What can be kept of a credential: what was printed and drawn, and the signed credential itself. */
export function fileRoutes(app: PublicApp, context: VerificationContext, forPeople: ForPeople): void {
  const { clients, openDocument } = context

  for (const { name, summary, mediaType, headers, image } of files) {
    const [stem, extension] = name.split('.')
    // A badge is made to be kept; the others are looked at.
    const disposition = image?.startsWith('badge') ? 'attachment' : 'inline'
    app.openapi(
      createRoute({
        method: 'get',
        path: `/v/{publicId}/${name}`,
        tags,
        ...forEveryone,
        summary,
        request: publicId,
        responses: { 200: { description: 'The file', content: { [mediaType]: { schema: z.string().openapi({ format: 'binary' }) } } } },
      }),
      (c) =>
        forPeople(c, 'missing', async () => {
          const row = await currentCredential(context, c.req.valid('param').publicId)
          await openProjected(context, row)
          const { signal } = c.req.raw
          const body = await open(signal, () =>
            image === undefined ? clients.issuance.certificate({ credentialId: row.id }, { signal }) : clients.issuance.image({ credentialId: row.id, form: image }, { signal }))
          return new Response(body as ReadableStream<Uint8Array<ArrayBuffer>>, {
            headers: {
              'content-type': mediaType,
              'content-disposition': `${disposition}; filename="${stem}-${row.publicId}.${extension}"`,
              ...uncached,
              ...unindexed,
              ...headers,
            },
          })
        }) as never,
    )
  }

  async function open(signal: AbortSignal, link: () => Promise<DocumentLink>): Promise<ReadableStream<Uint8Array>> {
    try {
      return await openDocument(await link(), { signal })
    } catch (error) {
      if (!(error instanceof Problem) || error.status < 500) throw error
      const detail = 'What was printed cannot be had at the moment; try again in a few seconds. The signed credential is in credential.json.'
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
