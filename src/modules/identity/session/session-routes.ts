import { createRoute, z } from '@hono/zod-openapi'
import { withContext } from '#platform/context.ts'
import { json } from '#platform/http/json-response.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import { Role } from '../contract.ts'
import { passwordLength } from '../person/password.ts'
import { requireSameOrigin } from '#platform/http/same-origin.ts'
import type { Sessions } from './sessions.ts'
import type { SessionPowers } from './session-powers.ts'
import { requireSession, type SessionCookies, type SignedIn } from './signed-in.ts'

export interface SessionRouteParts {
  readonly publicUrl: string
  readonly sessionCookies: SessionCookies
  readonly sessions: Sessions
  readonly sessionPowers: SessionPowers
}

const Session = z
  .object({
    person: z.object({ id: z.string(), name: z.string(), email: z.string() }),
    /** Those that the person may act for. */
    organizations: z.array(z.object({ id: z.string(), slug: z.string(), name: z.string(), role: Role, member: z.string() })),
    session: z.object({ id: z.string(), expiresAt: z.iso.datetime() }),
  })
  .openapi('Session')

const OpenSession = z.object({
  id: z.string(),
  current: z.boolean(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  userAgent: z.string().optional(),
})

const Ended = z.object({ id: z.string(), ended: z.literal(true) })

const tags = ['People']

/** For people: sign in and out, see and end sessions, and get an access token for one organization. */
export function sessionRoutes(app: PublicApp, { publicUrl, sessionCookies, sessions, sessionPowers }: SessionRouteParts): void {
  const [sameOrigin, session] = [requireSameOrigin(publicUrl), requireSession(sessionCookies)]
  /** By the cookie that signing in sets; what changes something, from a page of ours alone. */
  const bySession = { tags, security: [{ session: [] }] as Record<string, string[]>[], middleware: [session] }
  const byPageOfSession = { ...bySession, middleware: [sameOrigin, session] }

  const present = async (signedIn: SignedIn) => {
    const { sessionId, expiresAt, personId, name, email } = signedIn
    const memberships = await sessionPowers.membershipsOf(signedIn)
    return {
      person: { id: personId, name, email },
      organizations: memberships.map(({ memberId, organizationId, slug, name: title, role }) => ({ id: organizationId, slug, name: title, role, member: memberId })),
      session: { id: sessionId, expiresAt: expiresAt.toISOString() },
    }
  }

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/session',
      tags,
      security: [] as Record<string, string[]>[],
      summary: 'Sign in',
      description: 'Sets the session’s cookie. Send it from a page of this origin: with `Origin`, as browsers do.',
      middleware: [sameOrigin],
      request: {
        body: {
          required: true,
          content: { 'application/json': { schema: z.strictObject({
                email: z.string().max(254),
                password: z.string().max(passwordLength.max),
                code: z.string().max(40).optional().openapi({ description: 'Of an app, or one of those for when it is lost: where a second factor is set.' }),
              }) } },
        },
      },
      responses: { 201: json(Session, 'The session') },
    }),
    async (c) => {
      const signedIn = await sessionCookies.signIn(c, c.req.valid('json'))
      if (!signedIn) throw new Problem('unauthenticated', 'Send the code of your app too, as code.', { extensions: { secondFactor: true } })
      return c.json(await present(signedIn), 201)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/session',
      ...bySession,
      summary: 'Who is signed in, and for whom they may act',
      responses: { 200: json(Session, 'The session') },
    }),
    async (c) => c.json(await present(await sessionCookies.requireAny(c)), 200),
  )

  app.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/session',
      ...byPageOfSession,
      summary: 'Sign out',
      description: 'The session ends at once; access tokens that it got are void within half a minute.',
      responses: { 200: json(Ended, 'Signed out') },
    }),
    async (c) => {
      const { personId, sessionId } = await sessionCookies.requireAny(c)
      await withContext({ actor: `person:${personId}` }, () => sessionCookies.signOut(c))
      return c.json({ id: sessionId, ended: true as const }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/session/token',
      ...byPageOfSession,
      summary: 'Get an access token for one of your organizations',
      description:
        'It has exactly the scopes of your role there, and lives as long as any other. A session that the provider of an organization began is good for that ' +
        'organization alone; an organization may ask that its members have such a one. An organization may ask for a second factor: a session that ' +
        'showed none is refused with `second-factor-required`, and told the `page` to set one up.',
      request: {
        body: {
          required: true,
          content: { 'application/json': { schema: z.strictObject({ organization: z.string().max(64).openapi({ description: 'Its id or slug.' }) }) } },
        },
      },
      responses: {
        200: json(
          z.object({
            access_token: z.string(), token_type: z.literal('Bearer'), expires_in: z.number(), scope: z.string(), organization: z.string(), role: Role,
          }),
          'The token',
        ),
      },
    }),
    async (c) => {
      const signedIn = await sessionCookies.requireAny(c)
      const { accessToken, expiresInSeconds, scopes, membership } = await sessionPowers.tokenFor(signedIn, c.req.valid('json').organization)
      const { organizationId, role } = membership
      c.header('cache-control', 'no-store')
      const token = { access_token: accessToken, token_type: 'Bearer' as const, expires_in: expiresInSeconds, scope: scopes.join(' ') }
      return c.json({ ...token, organization: organizationId, role }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/sessions',
      ...bySession,
      summary: 'Where you are signed in',
      responses: { 200: json(z.object({ sessions: z.array(OpenSession) }), 'Your sessions, the newest first') },
    }),
    async (c) => {
      const signedIn = await sessionCookies.requireAny(c)
      const { sessionId } = signedIn
      const open = (await sessions.list(signedIn)).map(({ id, createdAt, expiresAt, userAgent }) => ({
        id, current: id === sessionId, createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString(), ...(userAgent && { userAgent }),
      }))
      return c.json({ sessions: open }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/sessions/{id}',
      ...byPageOfSession,
      summary: 'End one of your sessions',
      request: { params: z.object({ id: z.string().max(64) }) },
      responses: { 200: json(Ended, 'It has ended') },
    }),
    async (c) => {
      const signedIn = await sessionCookies.requireAny(c)
      const { id } = c.req.valid('param')
      const ended = await withContext({ actor: `person:${signedIn.personId}` }, () => sessions.endOne(signedIn, id))
      if (!ended) throw new Problem('not-found', 'You have no session of this id.')
      return c.json({ id, ended: true as const }, 200)
    },
  )
}
