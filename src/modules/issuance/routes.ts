import { createRoute, z } from '@hono/zod-openapi'
import type { OrganizationId } from '#platform/organization-id.ts'
import { forEveryone } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import { Slug } from '#modules/identity/index.ts'
import { batchRoutes } from './batch/batch-routes.ts'
import { uploadRoutes } from './batch/upload-routes.ts'
import type { Workbooks } from './batch/workbooks.ts'
import type { Acceptance } from './credential/accept.ts'
import { credentialRoutes } from './credential/credential-routes.ts'
import type { ImageCleaner } from './image/image-cleaner.ts'
import type { Images } from './image/images.ts'
import type { IssuanceContext } from './issuance-context.ts'
import type { OrganizationProfiles } from './organization-profiles.ts'
import type { OrganizationKeys } from './signing/organization-keys.ts'
import { erasureRequestRoutes } from './recipient-access/erasure-request-routes.ts'
import { type RecipientParts, recipientRoutes } from './recipient-access/recipient-routes.ts'
import type { StatusLists } from './status-list/status-lists.ts'
import { imageRoutes } from './image/image-routes.ts'
import { previewRoutes } from './template/preview-routes.ts'
import type { Previews } from './template/previews.ts'
import type { OwnDesigns } from './template/own-designs.ts'
import { templateRoutes } from './template/template-routes.ts'

export interface IssuanceParts extends RecipientParts {
  readonly acceptance: Acceptance
  readonly profiles: OrganizationProfiles
  readonly statusLists: StatusLists
  readonly organizationKeys: OrganizationKeys
  readonly imageCleaner: ImageCleaner
  readonly images: Images
  readonly ownDesigns: OwnDesigns
  readonly previews: Previews
  readonly workbooks: Workbooks
}

const tags = ['Public']
const document = (mediaType: string, description: string) => ({
  description,
  content: { [mediaType]: { schema: z.object({}).loose() } },
})

/** All public routes of issuance; what needs no token is here, the rest beside its noun. */
export function issuanceRoutes(app: PublicApp, context: IssuanceContext, parts: IssuanceParts): void {
  credentialRoutes(app, context, parts)
  uploadRoutes(app, context, parts)
  batchRoutes(app, context)
  imageRoutes(app, parts.images)
  templateRoutes(app, context, parts)
  previewRoutes(app, context, parts)
  recipientRoutes(app, context, parts)
  erasureRequestRoutes(app, parts.erasureRequests)

  app.openapi(
    createRoute({
      method: 'get',
      path: '/status/{id}',
      tags,
      ...forEveryone,
      summary: 'A signed status list (W3C Bitstring Status List 1.0)',
      request: { params: z.object({ id: z.string().max(64) }) },
      responses: { 200: document('application/vc', 'The list') },
    }),
    async (c) => {
      const list = await parts.statusLists.document(c.req.valid('param').id)
      // Short: a revocation must be seen soon after it was acknowledged.
      return new Response(list, { headers: { 'content-type': 'application/vc', 'cache-control': 'public, max-age=15' } }) as never
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/organizations/{slug}/did.json',
      tags,
      ...forEveryone,
      summary: 'The DID document of an organization',
      request: { params: z.object({ slug: z.string().max(64) }) },
      responses: { 200: document('application/did+json', 'The document, with every key that ever signed') },
    }),
    async (c) => {
      const slug = Slug.safeParse(c.req.valid('param').slug)
      // What cannot be a slug is nobody's.
      if (!slug.success) throw new Problem('not-found', 'There is no such organization.')
      const { id } = await context.clients.identity.organization({ slug: slug.data })
      const found = await parts.organizationKeys.didDocument(id as OrganizationId)
      return new Response(JSON.stringify(found), {
        headers: { 'content-type': 'application/did+json', 'cache-control': 'public, max-age=300' },
      }) as never
    },
  )
}
