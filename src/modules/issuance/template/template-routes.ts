import { createRoute, z } from '@hono/zod-openapi'
import { accessOfRequest } from '#platform/http/access-token.ts'
import { idempotent } from '#platform/http/idempotency.ts'
import { json } from '#platform/http/json-response.ts'
import { acceptUpload } from '#platform/http/limits.ts'
import { scoped } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { pageCursor } from '#platform/typed-text.ts'
import { Problem } from '#platform/problem.ts'
import type { Images } from '../image/images.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { TemplateContent } from '../tables.ts'
import { builtInTemplates } from './built-in-templates.ts'
import { isOwnDesign, ownDesign, type OwnDesigns, writeOwnDesign } from './own-designs.ts'
import { asPdfme } from './own-template.ts'
import { keepPicture, readOwnTemplate } from './pictures.ts'
import { Content, DESIGN_BYTES, DuplicatedTemplate, Slug, Template as TemplateSchema, TemplateSummary, TemplateVersion, versionQuery } from './template-schemas.ts'
import {
  archiveTemplate, duplicateTemplate, findTemplate, findVersion, listTemplates, listVersions, type SaveOptions, saveTemplate, type Template,
} from './templates.ts'

const tags = ['Templates']
const slug = { params: z.object({ slug: z.string().max(64) }) }
const limit = z.coerce.number().int().min(1).max(100).default(50)

/** The design's name among the built-in ones. Throws `Problem('validation-failed')`. */
export function builtInDesign(design: string): string {
  const designs = Object.values(builtInTemplates).map((content) => content.design)
  if (designs.includes(design)) return design
  throw new Problem('validation-failed', `Choose one of the designs ${designs.join(', ')}, or send a page of your own in pdfme’s format.`)
}

const etag = ({ version }: Template): string => `"${version}"`

/** The version that a change was made from (RFC 9110, 13.1.1); undefined when it does not matter. */
function expectedVersion(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch === '*') return undefined
  const version = /^"(\d{1,9})"$/.exec(ifMatch)?.[1]
  if (version === undefined) throw new Problem('bad-request', 'Give in If-Match the ETag of the template as you read it.')
  return Number(version)
}

export function templateRoutes(app: PublicApp, context: IssuanceContext, { images, ownDesigns }: { images: Images; ownDesigns: OwnDesigns }): void {
  const { database, keys, now, publicUrl } = context

  /** As the API shows it: an own page in pdfme's format, which may be changed and sent again. */
  async function shown(organizationId: OrganizationId, { id, slug: name, version, content, archivedAt }: Template) {
    const { design } = content
    const page = isOwnDesign(design) ? asPdfme(await ownDesigns.template(organizationId, design)) : design
    return { id, slug: name, version, archivedAt: archivedAt?.toISOString() ?? null, content: { ...content, design: page } }
  }

  /** What is to be kept of a content, with what it refers to. */
  async function read(organizationId: OrganizationId, { design, ...rest }: Content): Promise<[TemplateContent, Pick<SaveOptions, 'write'>]> {
    if (typeof design === 'string') return [{ ...rest, design: builtInDesign(design) }, {}]
    const { template } = await readOwnTemplate(design, keepPicture(images, organizationId))
    const own = ownDesign(template)
    return [{ ...rest, design: own }, { write: (tx, createdAt) => writeOwnDesign(tx, organizationId, own, template, createdAt) }]
  }

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/templates',
      tags,
      summary: 'List templates, the built-in ones among them',
      ...scoped('templates:read'),
      request: {
        query: z.object({
          archived: z.stringbool().default(false).openapi({ description: 'Those that are archived, instead of the others.' }),
          after: pageCursor.optional().openapi({ description: '`next` of the page before.' }),
          limit,
        }),
      },
      responses: { 200: json(z.object({ templates: z.array(TemplateSummary), next: z.string().nullable() }), 'A page') },
    }),
    async (c) => {
      const { templates, next } = await listTemplates({ database }, accessOfRequest(c).organizationId, c.req.valid('query'))
      const summaries = templates.map(({ id, slug: name, version, archivedAt, content }) => ({
        id,
        slug: name,
        version,
        archivedAt: archivedAt?.toISOString() ?? null,
        design: isOwnDesign(content.design) ? 'own' : content.design,
        description: content.description,
        achievementType: content.achievementType,
      }))
      return c.json({ templates: summaries, next }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/templates/{slug}',
      tags,
      summary: 'A template in its newest version, or in another',
      ...scoped('templates:read'),
      request: { ...slug, query: z.object({ version: versionQuery }) },
      responses: { 200: json(TemplateSchema, 'The template; its ETag is good for If-Match') },
    }),
    async (c) => {
      const { organizationId } = accessOfRequest(c)
      const found = await findVersion(context, organizationId, c.req.valid('param').slug, c.req.valid('query').version)
      return c.json(await shown(organizationId, found), 200, { etag: etag(found) })
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/templates/{slug}/versions',
      tags,
      summary: 'List the versions of a template, newest first',
      ...scoped('templates:read'),
      request: {
        ...slug,
        query: z.object({
          after: z.coerce.number().int().min(1).optional().openapi({ description: '`next` of the page before.' }),
          limit,
        }),
      },
      responses: { 200: json(z.object({ versions: z.array(TemplateVersion), next: z.number().int().nullable() }), 'A page') },
    }),
    async (c) => {
      const { organizationId } = accessOfRequest(c)
      const { versions, next } = await listVersions(context, organizationId, c.req.valid('param').slug, c.req.valid('query'))
      return c.json({ versions: versions.map(({ version, createdAt }) => ({ version, createdAt: createdAt.toISOString() })), next }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'put',
      path: '/v1/templates/{slug}',
      tags,
      summary: 'Make a template, or a new version of it',
      description:
        'Credentials keep the version that they were issued with. Content that it has already makes no new version. Send If-Match with the ' +
        'ETag that you read, and nobody’s change in between is lost.',
      ...scoped('templates:write', acceptUpload(DESIGN_BYTES)),
      request: {
        params: z.object({ slug: Slug }),
        headers: z.object({ 'if-match': z.string().optional() }),
        body: { content: { 'application/json': { schema: Content } }, required: true },
      },
      responses: { 200: json(TemplateSchema, 'The newest version') },
    }),
    async (c) => {
      const { organizationId } = accessOfRequest(c)
      const expected = expectedVersion(c.req.header('if-match'))
      const [content, options] = await read(organizationId, c.req.valid('json'))
      const saved = await saveTemplate(context, organizationId, c.req.valid('param').slug, content, { ...options, expectedVersion: expected })
      return c.json(await shown(organizationId, saved), 200, { etag: etag(saved) })
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/templates/{slug}/duplicate',
      tags,
      summary: 'Make a template of what another says',
      description: 'From then on neither follows the other. Send an Idempotency-Key to repeat safely.',
      ...scoped('templates:write'),
      request: {
        ...slug,
        headers: z.object({ 'idempotency-key': z.string().optional() }),
        body: {
          content: { 'application/json': { schema: z.strictObject({ slug: Slug, version: z.number().int().min(1).optional() }) } },
          required: true,
        },
      },
      responses: { 201: json(DuplicatedTemplate, 'The new template') },
    }),
    async (c) => {
      const access = accessOfRequest(c)
      const { organizationId } = access
      const body = c.req.valid('json')
      const source = await findVersion(context, organizationId, c.req.valid('param').slug, body.version)
      const response = await idempotent(c, {
        database,
        keys,
        access,
        run: async (tx) => {
          const { id, version } = await duplicateTemplate(tx, organizationId, source, body.slug, now())
          const self = `${publicUrl}/v1/templates/${body.slug}`
          return { status: 201, headers: { location: self }, body: { id, slug: body.slug, version, links: { self } } }
        },
      })
      return response as never
    },
  )

  const archiving = (command: 'archive' | 'unarchive', summary: string, description: string) =>
    app.openapi(
      createRoute({
        method: 'post',
        path: `/v1/templates/{slug}/${command}`,
        tags,
        summary,
        description,
        ...scoped('templates:write'),
        request: slug,
        responses: { 200: json(TemplateSchema, 'The template from now on') },
      }),
      async (c) => {
        const { organizationId } = accessOfRequest(c)
        const found = await findTemplate(context, organizationId, c.req.valid('param').slug)
        const changed = await archiveTemplate(context, organizationId, found, command === 'archive')
        return c.json(await shown(organizationId, changed), 200)
      },
    )
  archiving('archive', 'Archive a template', 'Nothing new is issued with it; what was accepted before is issued, and stays as it is.')
  archiving('unarchive', 'Take a template back from the archive', 'It issues again.')
}
