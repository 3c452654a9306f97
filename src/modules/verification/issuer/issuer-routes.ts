import { createRoute, z } from '@hono/zod-openapi'
import { prefersHtml } from '#platform/http/accept.ts'
import { json } from '#platform/http/json-response.ts'
import { forEveryone } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import { type Organization, Slug } from '#modules/identity/index.ts'
import { type IssuerDescription, issuerPage } from '../page/issuer-page.ts'
import { chooseLanguage } from '#platform/page/language.ts'
import { uncached, type ForPeople } from '../page/for-people.ts'
import type { VerificationContext } from '../verification-context.ts'
import type { Issuers } from './issuers.ts'
import type { ReadRecord } from './public-record.ts'

const Issuer = z
  .object({
    issuer: z.object({
      id: z.string().nullable().openapi({ description: 'The DID that signs its credentials; null before the first, and while it cannot be read.' }),
      slug: z.string(),
      name: z.string(),
      url: z.string().nullable(),
      contactEmail: z.string().nullable(),
      issuingSince: z.iso.datetime().nullable(),
    }),
    credentials: z.number().int().openapi({ description: 'Neither revoked nor replaced.' }),
    achievements: z
      .array(z.object({ id: z.string(), name: z.string(), credentials: z.number().int() }))
      .openapi({ description: 'Newest first; those that fewer than five credentials stand for are left out.' }),
    next: z.string().nullable().openapi({ description: 'To give as after.' }),
    links: z.object({ html: z.url(), didDocument: z.url() }),
  })
  .openapi('Issuer')

/** What anyone may see of an organization: nothing in it is about a person. */
export function issuerRoutes(
  app: PublicApp,
  context: Pick<VerificationContext, 'clients' | 'publicUrl'>,
  { issuers, readRecord, forPeople }: { issuers: Issuers; readRecord: ReadRecord; forPeople: ForPeople },
): void {
  const { clients, publicUrl } = context

  app.openapi(
    createRoute({
      method: 'get',
      path: '/issuers/{slug}',
      tags: ['Public'],
      ...forEveryone,
      summary: 'An organization that issues: a page for people, JSON for programs',
      description: 'HTML when Accept names text/html. Fifty achievements at a time.',
      request: {
        params: z.object({ slug: z.string().min(1).max(64) }),
        query: z.object({ lang: z.string().max(35).optional(), after: z.string().max(300).optional() }),
      },
      responses: { 200: { ...json(Issuer, 'What is public of it'), content: { 'application/json': { schema: Issuer }, 'text/html': { schema: z.string() } } } },
    }),
    (c) =>
      forPeople(c, 'missingIssuer', async () => {
        const { after, lang } = c.req.valid('query')
        const description = await describe(c.req.valid('param').slug, after)
        if (!prefersHtml(c.req.header('accept'))) return c.json(asJson(description), 200, uncached)
        const language = chooseLanguage(lang, c.req.header('accept-language'), description.organization.defaultLocale)
        return c.html(issuerPage(description, { language, asked: lang, after }), 200, uncached)
      }) as never,
  )

  async function describe(slug: string, after: string | undefined): Promise<IssuerDescription> {
    const organization = await find(slug)
    const [record, did] = await Promise.all([
      readRecord(OrganizationId.parse(organization.id), after),
      organization.frozenAt === undefined ? undefined : identifier(organization.slug),
    ])
    return {
      organization,
      record,
      did,
      links: { html: `${publicUrl}/issuers/${organization.slug}`, didDocument: `${publicUrl}/organizations/${organization.slug}/did.json` },
      credentialsAt: `${publicUrl}/v/`,
    }
  }

  async function find(slug: string): Promise<Organization> {
    const parsed = Slug.safeParse(slug)
    // What cannot be a slug is nobody's.
    if (!parsed.success) throw new Problem('not-found', 'There is no such organization.')
    return issuers.bySlug(parsed.data)
  }

  /** The DID, or undefined while issuance does not answer or has made no key yet. */
  async function identifier(slug: string): Promise<string | undefined> {
    try {
      return (JSON.parse((await clients.issuance.didDocument({ slug })).document) as { id: string }).id
    } catch (error) {
      if (error instanceof Problem) return undefined
      throw error
    }
  }
}

function asJson({ organization, record, did, links }: IssuerDescription): z.output<typeof Issuer> {
  const { slug, name, url = null, contactEmail = null, frozenAt = null } = organization
  const { credentials, achievements, next = null } = record
  return { issuer: { id: did ?? null, slug, name, url, contactEmail, issuingSince: frozenAt }, credentials, achievements: [...achievements], next, links }
}
