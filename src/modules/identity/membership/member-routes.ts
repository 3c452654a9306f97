import { createRoute, z } from '@hono/zod-openapi'
import { accessOfRequest } from '#platform/http/access-token.ts'
import { json } from '#platform/http/json-response.ts'
import { forEveryone, scoped } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import { pageCursor } from '#platform/typed-text.ts'
import { Role, roles, Scope } from '../contract.ts'
import type { Member, Members } from './members.ts'
import { scopesOf } from './roles.ts'

const Member = z
  .object({
    id: z.string(),
    person: z.string(),
    name: z.string(),
    email: z.string(),
    role: Role,
    createdAt: z.iso.datetime(),
    disabledAt: z.iso.datetime().optional(),
  })
  .openapi('Member')

const tags = ['People']
const params = z.object({ id: z.string().max(64) })

/** Members of the token's organization, and what each role may do. */
export function memberRoutes(app: PublicApp, members: Members): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/roles',
      tags,
      ...forEveryone,
      summary: 'What each role may do',
      responses: { 200: json(z.object({ roles: z.array(z.object({ role: Role, scopes: z.array(Scope) })) }), 'The most powerful role first') },
    }),
    (c) => c.json({ roles: roles.map((role) => ({ role, scopes: scopesOf(role) })) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/members',
      tags,
      ...scoped('members:read'),
      summary: 'List members, the oldest first',
      request: { query: z.object({ after: pageCursor.optional(), limit: z.coerce.number().int().min(1).max(100).default(50) }) },
      responses: { 200: json(z.object({ members: z.array(Member) }), 'A page of members; the last id is the next page’s `after`') },
    }),
    async (c) => c.json({ members: (await members.list(accessOfRequest(c).organizationId, c.req.valid('query'))).map(present) }, 200),
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/members/{id}',
      tags,
      ...scoped('members:read'),
      summary: 'One member',
      request: { params },
      responses: { 200: json(Member, 'The member') },
    }),
    async (c) => c.json(present(await members.find(accessOfRequest(c).organizationId, c.req.valid('param').id)), 200),
  )

  app.openapi(
    createRoute({
      method: 'patch',
      path: '/v1/members/{id}',
      tags,
      ...scoped('members:manage'),
      summary: 'Change a member’s role, or disable a member',
      description:
        'Needs every scope of the old role and of the new one. Access tokens of the old role are void within half a minute. ' +
        'Who is disabled is signed out at once. The last owner stays one.',
      request: {
        params,
        body: { required: true, content: { 'application/json': { schema: z.strictObject({ role: Role.optional(), disabled: z.boolean().optional() }) } } },
      },
      responses: { 200: json(Member, 'The member as it is now') },
    }),
    async (c) => {
      const { organizationId, scopes } = accessOfRequest(c)
      const { id } = c.req.valid('param')
      await members.change(organizationId, id, c.req.valid('json'), scopes)
      return c.json(present(await members.find(organizationId, id)), 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/members/{id}',
      tags,
      ...scoped('members:manage'),
      summary: 'Remove a member',
      description: 'Signed out at once; access tokens are void within half a minute. The last owner cannot be removed.',
      request: { params },
      responses: { 200: json(Member, 'The member as it was') },
    }),
    async (c) => {
      const { organizationId, scopes } = accessOfRequest(c)
      const { id } = c.req.valid('param')
      const member = await members.find(organizationId, id)
      await members.remove(organizationId, id, scopes)
      return c.json(present(member), 200)
    },
  )
}

const present = ({ id, personId, name, email, role, createdAt, disabledAt }: Member) => ({
  id, person: personId, name, email, role,
  createdAt: createdAt.toISOString(),
  ...(disabledAt && { disabledAt: disabledAt.toISOString() }),
})
