import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { pageNonce } from '#platform/http/security-headers.ts'
import { forEveryone } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import { oneLine } from '#platform/typed-text.ts'
import { EmailAddress, NewOrganization, Organization } from '../contract.ts'
import { NewPassword } from '../person/password.ts'
import type { Setup } from './setup.ts'
import { setupPage, type SetupView } from './setup-page.ts'

const Owner = z.strictObject({ name: oneLine(100), email: EmailAddress, password: NewPassword })

/** The first organization, by a page that needs no script or by the API. */
export function setupRoutes(app: PublicApp, setup: Setup, publicUrl: string): void {
  const page = (c: Context, view: SetupView, status: 200 | 201 | 409 | 422 = 200) => {
    c.header('cache-control', 'no-store')
    c.header('referrer-policy', 'no-referrer')
    return c.html(setupPage(view, pageNonce(c)), status)
  }

  app.get('/setup', async (c) => page(c, { step: (await setup.isOpen()) ? 'form' : 'closed' }))

  app.post('/setup', async (c) => {
    if (!/^application\/x-www-form-urlencoded\b/i.test(c.req.header('content-type') ?? '')) {
      throw new Problem('unsupported-media-type', 'Send the form as application/x-www-form-urlencoded, or JSON to /v1/setup.')
    }
    const values: Readonly<Record<string, string>> = Object.fromEntries(new URLSearchParams(await c.req.text()))
    const order = NewOrganization.safeParse({ slug: values.slug?.trim(), name: values.name })
    if (!order.success) {
      const { path, message } = order.error.issues[0]!
      const fault = `${path[0] === 'slug' ? 'Short name' : 'Name'}: ${message}`
      return page(c, { step: 'form', values, fault }, 422)
    }
    // All three, or none: a Vellum that programs alone use has no owner.
    const { person = '', email = '', password = '' } = values
    const owner = Owner.safeParse({ name: person, email: email.trim(), password })
    if (!owner.success && [person, email, password].some((value) => value.trim() !== '')) {
      const { path, message } = owner.error.issues[0]!
      const field = { name: 'Your name', email: 'Your e-mail address', password: 'A password' }[path[0] as 'name']
      return page(c, { step: 'form', values, fault: `${field}: ${message}` }, 422)
    }
    try {
      const result = await setup.complete((values.token ?? '').trim().replace(/^.*#/, ''), order.data, owner.data)
      return page(c, { step: 'done', result, publicUrl }, 201)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      return page(c, { step: 'form', values, fault: error.message }, 409)
    }
  })

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/setup',
      tags: ['Access'],
      ...forEveryone,
      summary: 'Make the first organization with the token of the set-up link',
      description: 'Works once, while there is no organization. The secret is in this answer and never again.',
      request: {
        body: {
          required: true,
          content: {
            'application/json': {
              schema: z.strictObject({
                token: z.string().max(200),
                organization: z.strictObject(NewOrganization.shape),
                owner: Owner.optional().openapi({ description: 'Who owns the organization, and signs in. Absent: programs alone use it.' }),
              }),
            },
          },
        },
      },
      responses: {
        201: {
          description: 'The organization, and a client with all scopes',
          content: {
            'application/json': {
              schema: z.object({ client_id: z.string(), client_secret: z.string(), organization: Organization }),
            },
          },
        },
      },
    }),
    async (c) => {
      const { token, organization: order, owner } = c.req.valid('json')
      const { clientId, clientSecret, organization } = await setup.complete(token, order, owner)
      c.header('cache-control', 'no-store')
      return c.json({ client_id: clientId, client_secret: clientSecret, organization }, 201)
    },
  )
}
