import { createRoute, z } from '@hono/zod-openapi'
import { accepted, prefersHtml } from '#platform/http/accept.ts'
import { forEveryone } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import { credentialPage } from '../page/credential-page.ts'
import { type ForPeople, uncached } from '../page/for-people.ts'
import { chooseLanguage } from '#platform/page/language.ts'
import type { VerificationContext } from '../verification-context.ts'
import { type Describe, describeAsJson } from './describe.ts'
import { credentialVersion, currentCredential, openProjected } from './projection.ts'
import { signedResponse } from './signed-response.ts'

const tags = ['Public']
const signedTypes = ['application/vc+ld+json', 'application/vc', 'application/json', 'application/ld+json'] as const

const object = z.object({}).loose()
const signed = { description: 'The signed credential', content: { 'application/vc+ld+json': { schema: object } } }

/** What anyone may see of a credential whose address they know; none of it needs a token, none of it writes. */
export function credentialRoutes(app: PublicApp, context: VerificationContext, parts: { describe: Describe; forPeople: ForPeople }): void {
  const { describe, forPeople } = parts

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v/{publicId}',
      tags,
      ...forEveryone,
      summary: 'A credential, checked: a page for people, JSON for programs',
      description: 'HTML when Accept names text/html; the signed credential for application/vc; else JSON with status, checks, log proof and anchor.',
      request: { params: z.object({ publicId: z.string().min(1).max(64) }), query: z.object({ lang: z.string().max(35).optional() }) },
      responses: {
        200: { description: 'The current version', content: { 'application/json': { schema: object }, 'text/html': { schema: z.string() }, 'application/vc+ld+json': { schema: object } } },
      },
    }),
    (c) =>
      forPeople(c, 'missing', async () => {
        const row = await currentCredential(context, c.req.param('publicId'))
        if (prefersHtml(c.req.header('accept'))) {
          const description = await describe(row)
          const asked = c.req.query('lang')
          const language = chooseLanguage(asked, c.req.header('accept-language'), description.content.locale)
          return c.html(credentialPage(description, { language, asked }), 200, uncached)
        }
        const type = accepted(c.req.header('accept'), ['application/json', 'application/vc+ld+json', 'application/vc', 'application/ld+json'])
        if (type !== 'application/json') return signedResponse((await openProjected(context, row)).document, type)
        return c.json(describeAsJson(await describe(row)), 200, uncached)
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
      forPeople(c, 'missing', async () => {
        const type = accepted(c.req.header('accept'), signedTypes)
        const row = await credentialVersion(context, c.req.valid('param').documentId)
        return signedResponse((await openProjected(context, row)).document, type)
      }) as never,
  )
}
