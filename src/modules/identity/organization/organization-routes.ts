import { createRoute, z } from '@hono/zod-openapi'
import { accessOfRequest } from '#platform/http/access-token.ts'
import { scoped } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import { NewOrganization, Organization } from '../contract.ts'
import type { Organizations } from './organizations.ts'

const path = '/v1/organization'
const tags = ['Organization']
const answer = {
  200: { description: 'The organization', content: { 'application/json': { schema: Organization } } },
}

const Change = z.strictObject({
  slug: NewOrganization.shape.slug.optional(),
  name: NewOrganization.shape.name.optional(),
  url: NewOrganization.shape.url.nullable(),
  contactEmail: NewOrganization.shape.contactEmail.nullable(),
  defaultLocale: NewOrganization.shape.defaultLocale.unwrap().optional(),
  requiresSecondFactor: z.boolean().optional().openapi({
    description: 'Members get access tokens only in a session that showed a passkey or the code of an app. Tokens that they have live to their end.',
  }),
})

/** The token's own organization; there is no way to name another. */
export function organizationRoutes(app: PublicApp, organizations: Organizations): void {
  app.openapi(
    createRoute({
      method: 'get',
      path,
      tags,
      summary: 'Your organization',
      ...scoped('organization:read'),
      responses: answer,
    }),
    async (c) => c.json(await organizations.find({ id: accessOfRequest(c).organizationId }), 200),
  )

  app.openapi(
    createRoute({
      method: 'patch',
      path,
      tags,
      summary: 'Change your organization',
      description: 'Only the fields that are sent; null takes one away. The slug is frozen after the first credential.',
      ...scoped('organization:write'),
      request: { body: { required: true, content: { 'application/json': { schema: Change } } } },
      responses: answer,
    }),
    async (c) => c.json(await organizations.change(accessOfRequest(c).organizationId, c.req.valid('json')), 200),
  )
}
