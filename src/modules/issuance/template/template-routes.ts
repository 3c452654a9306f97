import { createRoute, z } from '@hono/zod-openapi'
import { json } from '#platform/http/json-response.ts'
import { accessOfRequest } from '#platform/http/access-token.ts'
import { scoped } from '#platform/http/scoped.ts'
import { freeText, oneLine } from '#platform/typed-text.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import { ACHIEVEMENT_TYPES } from '../credential/open-badge.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import { builtInTemplates } from './built-in-templates.ts'
import { findTemplate, listTemplates, saveTemplate } from './templates.ts'

const Content = z.strictObject({
  design: z.string().openapi({ example: 'certificate-classic', description: 'A built-in design.' }),
  statement: oneLine(300).optional().openapi({ description: 'Printed between the recipient and the achievement.' }),
  description: freeText(2_000),
  criteria: freeText(5_000),
  achievementType: z.enum(ACHIEVEMENT_TYPES),
  suspendable: z.boolean().optional().openapi({ description: 'Whether its credentials can be suspended; they then carry two status entries.' }),
})

const Template = z
  .object({
    id: z.string(),
    slug: z.string(),
    version: z.number().int(),
    content: z.object({ ...Content.shape, achievementType: z.string() }),
  })
  .openapi('Template')

const Slug = z.string().min(2).max(50).regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'Use small letters, digits and single hyphens between them.')
const tags = ['Templates']

export function templateRoutes(app: PublicApp, { database, now }: IssuanceContext): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/templates',
      tags,
      summary: 'List templates, the built-in ones among them',
      ...scoped('templates:read'),
      responses: { 200: json(z.object({ templates: z.array(Template) }), 'All templates') },
    }),
    async (c) => c.json({ templates: await listTemplates({ database }, accessOfRequest(c).organizationId) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/templates/{slug}',
      tags,
      summary: 'The newest version of a template',
      ...scoped('templates:read'),
      request: { params: z.object({ slug: z.string().max(64) }) },
      responses: { 200: json(Template, 'The template') },
    }),
    async (c) =>
      c.json(await findTemplate({ database, now }, accessOfRequest(c).organizationId, c.req.valid('param').slug), 200),
  )

  app.openapi(
    createRoute({
      method: 'put',
      path: '/v1/templates/{slug}',
      tags,
      summary: 'Make a template, or a new version of it',
      description: 'Credentials keep the version that they were issued with.',
      ...scoped('templates:write'),
      request: {
        params: z.object({ slug: Slug }),
        body: { content: { 'application/json': { schema: Content } }, required: true },
      },
      responses: { 200: json(Template, 'The newest version') },
    }),
    async (c) => {
      const content = c.req.valid('json')
      const designs = Object.values(builtInTemplates).map(({ design }) => design)
      if (!designs.includes(content.design))
        throw new Problem('validation-failed', `Choose one of the designs ${designs.join(', ')}.`)
      const { organizationId } = accessOfRequest(c)
      return c.json(await saveTemplate({ database, now }, organizationId, c.req.valid('param').slug, content), 200)
    },
  )
}
