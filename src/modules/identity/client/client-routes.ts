import { createRoute, z } from '@hono/zod-openapi'
import { randomUUID } from 'node:crypto'
import { json } from '#platform/http/json-response.ts'
import type { Access } from '#platform/http/access.ts'
import { accessOfRequest } from '#platform/http/access-token.ts'
import { scoped } from '#platform/http/scoped.ts'
import { oneLine, pageCursor } from '#platform/typed-text.ts'
import type { PublicApp } from '#platform/module.ts'
import { Problem } from '#platform/problem.ts'
import { Scope } from '../contract.ts'
import type { ApiClient, ApiClients } from './clients.ts'
import { PublicKeys } from './public-keys.ts'

const Client = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(Scope),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().optional(),
    disabledAt: z.iso.datetime().optional(),
  })
  .openapi('ApiClient')

const NewClientBody = z
  .strictObject({
    name: oneLine(100).openapi({ example: 'Course platform' }),
    scopes: z.array(Scope).min(1),
    expiresAt: z.iso.datetime().optional(),
    jwks: PublicKeys.optional(),
  })
  .openapi('NewApiClient')

const tags = ['Access']
const access = scoped('clients:manage')
const params = z.object({ id: z.string().max(64) })

/** A request that makes a secret is told it again under the same key. */
export const repeatable = z.object({ 'idempotency-key': z.string().regex(/^[\x21-\x7e]{1,199}$/, 'Use 1 to 199 visible ASCII characters.').optional() })

/** @throws `forbidden` when more is to be given than whoever asks has */
export function refuseExcessScopes(scopes: readonly Scope[], { scopes: own }: Access): void {
  const excess = scopes.filter((scope) => !own.includes(scope))
  if (excess.length > 0) {
    throw new Problem('forbidden', 'Give only the scopes that your own token has.', { extensions: { scopes: excess } })
  }
}

export function clientRoutes(app: PublicApp, apiClients: ApiClients): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/v1/clients',
      tags,
      summary: 'Make an API client',
      description: 'The secret is in this answer and nowhere else; the same Idempotency-Key gets the same answer for a day.',
      ...access,
      request: {
        headers: repeatable,
        body: { required: true, content: { 'application/json': { schema: NewClientBody } } },
      },
      responses: {
        201: json(z.object({ client_id: z.string(), client_secret: z.string().optional(), client: Client }), 'The client and its secret'),
      },
    }),
    async (c) => {
      const own = accessOfRequest(c)
      const { name, scopes, expiresAt, jwks } = c.req.valid('json')
      refuseExcessScopes(scopes, own)
      const { client, clientSecret } = await apiClients.create({
        organizationId: own.organizationId,
        // Apart from the request ids of other doors.
        requestId: `:${c.req.header('idempotency-key') ?? randomUUID()}`,
        name,
        scopes,
        expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
        publicKeys: jwks,
      })
      c.header('cache-control', 'no-store')
      return c.json({ client_id: client.id, client_secret: clientSecret, client: present(client) }, 201)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/clients',
      tags,
      summary: 'List API clients, the newest first',
      ...access,
      request: {
        query: z.object({ before: pageCursor.optional(), limit: z.coerce.number().int().min(1).max(100).default(50) }),
      },
      responses: { 200: json(z.object({ clients: z.array(Client) }), 'A page of clients') },
    }),
    async (c) => {
      const clients = await apiClients.list(accessOfRequest(c).organizationId, c.req.valid('query'))
      return c.json({ clients: clients.map(present) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/clients/{id}',
      tags,
      summary: 'One API client',
      ...access,
      request: { params },
      responses: { 200: json(Client, 'The client, without its secret') },
    }),
    async (c) => c.json(present(await apiClients.find(accessOfRequest(c).organizationId, c.req.valid('param').id)), 200),
  )

  app.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/clients/{id}',
      tags,
      summary: 'Disable an API client for good',
      description: 'It gets no new tokens; those it has stop working within ten seconds, unless the installation says otherwise. The client stays in the list.',
      ...access,
      request: { params },
      responses: { 200: json(Client, 'The disabled client') },
    }),
    async (c) => {
      const { organizationId } = accessOfRequest(c)
      const { id } = c.req.valid('param')
      await apiClients.disable(organizationId, id)
      return c.json(present(await apiClients.find(organizationId, id)), 200)
    },
  )
}

const present = ({ id, name, scopes, createdAt, expiresAt, disabledAt }: ApiClient) => ({
  id,
  name,
  scopes: [...scopes],
  createdAt: createdAt.toISOString(),
  ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
  ...(disabledAt && { disabledAt: disabledAt.toISOString() }),
})
