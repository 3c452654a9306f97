import { createRoute, z } from '@hono/zod-openapi'
import { accessOfRequest } from '#platform/http/access-token.ts'
import { json } from '#platform/http/json-response.ts'
import { forEveryone, scoped } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import { oneLine, pageCursor } from '#platform/typed-text.ts'
import { EmailAddress, Role } from '../contract.ts'
import type { Organizations } from '../organization/organizations.ts'
import { NewPassword } from '../person/password.ts'
import type { Persons } from '../person/persons.ts'
import { requireSameOrigin } from '#platform/http/same-origin.ts'
import type { SessionCookies } from '../session/signed-in.ts'
import type { Invitation, Invitations } from './invitations.ts'
import { refuseExcess } from './members.ts'

export interface InvitationRouteParts {
  readonly publicUrl: string
  readonly invitations: Invitations
  readonly organizations: Organizations
  readonly persons: Persons
  readonly sessionCookies: SessionCookies
  readonly hashPassword: (password: string) => Promise<string>
}

const Invitation = z
  .object({
    id: z.string(),
    email: z.string(),
    role: Role,
    state: z.enum(['pending', 'accepted', 'revoked', 'expired']),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
  })
  .openapi('Invitation')

const tags = ['People']

/** Who is invited to an organization, and how an invitation is accepted. */
export function invitationRoutes(app: PublicApp, parts: InvitationRouteParts): void {
  const { publicUrl, invitations, organizations, persons, sessionCookies, hashPassword } = parts

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/invitations',
      tags,
      ...scoped('members:manage'),
      summary: 'Invite somebody as a member',
      description:
        'Mails a link that works once, for a week. Needs every scope of the role. An address that was invited for this role, and has not ' +
        'answered, keeps its invitation and gets no second mail; one for another role takes its place.',
      request: {
        body: {
          required: true,
          content: { 'application/json': { schema: z.strictObject({ email: EmailAddress, role: Role, locale: z.enum(['en', 'ar']).optional() }) } },
        },
      },
      responses: { 201: json(Invitation, 'The invitation') },
    }),
    async (c) => {
      const { organizationId, scopes } = accessOfRequest(c)
      const order = c.req.valid('json')
      refuseExcess(scopes, order.role)
      const { invitation } = await invitations.invite({ organizationId, ...order })
      return c.json(present(invitation), 201)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/invitations',
      tags,
      ...scoped('members:read'),
      summary: 'List invitations, the newest first',
      request: { query: z.object({ before: pageCursor.optional(), limit: z.coerce.number().int().min(1).max(100).default(50) }) },
      responses: { 200: json(z.object({ invitations: z.array(Invitation) }), 'A page; the last id is the next page’s `before`') },
    }),
    async (c) => c.json({ invitations: (await invitations.list(accessOfRequest(c).organizationId, c.req.valid('query'))).map(present) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/invitations/{id}',
      tags,
      ...scoped('members:manage'),
      summary: 'Take an invitation back',
      request: { params: z.object({ id: z.string().max(64) }) },
      responses: { 200: json(Invitation, 'The invitation, revoked') },
    }),
    async (c) => c.json(present(await invitations.revoke(accessOfRequest(c).organizationId, c.req.valid('param').id)), 200),
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/invitations/accept',
      tags,
      ...forEveryone,
      middleware: [requireSameOrigin(publicUrl)],
      summary: 'Accept an invitation with what its link holds',
      description: 'Who has no account gives name and password, and signs in afterwards; who has one signs in first and gives neither.',
      request: {
        body: {
          required: true,
          content: {
            'application/json': { schema: z.strictObject({ token: z.string().max(200), name: oneLine(100).optional(), password: NewPassword.optional() }) },
          },
        },
      },
      responses: { 201: json(z.object({ organization: z.string(), name: z.string(), role: Role }), 'What the person is a member of now') },
    }),
    async (c) => {
      const { token, name, password } = c.req.valid('json')
      const signedIn = await sessionCookies.find(c)
      const { email } = await invitations.open(token)
      if (!signedIn && (await persons.findByEmail(email))) throw new Problem('unauthenticated', 'Sign in first with the address that was invited.')
      if (!signedIn && (name === undefined || password === undefined)) {
        throw new Problem('validation-failed', 'Give a name and a password for the new account.', {
          extensions: { errors: [{ path: name === undefined ? 'name' : 'password', message: 'This is needed for a new account' }] },
        })
      }
      const who = signedIn ? { personId: signedIn.personId } : { name: name!, passwordHash: await hashPassword(password!) }
      const { invitation } = await invitations.accept(token, who)
      const organization = await organizations.find({ id: invitation.organizationId })
      return c.json({ organization: organization.id, name: organization.name, role: invitation.role }, 201)
    },
  )
}

const present = ({ id, email, role, state, createdAt, expiresAt }: Invitation) => ({
  id, email, role, state, createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString(),
})
