import { createRoute, z } from '@hono/zod-openapi'
import { randomUUID } from 'node:crypto'
import { accessOfRequest } from '#platform/http/access-token.ts'
import { json } from '#platform/http/json-response.ts'
import { scoped } from '#platform/http/scoped.ts'
import type { PublicApp } from '#platform/module.ts'
import { oneLine, pageCursor } from '#platform/typed-text.ts'
import { repeatable, refuseExcessScopes } from '../client/client-routes.ts'
import { Scope } from '../contract.ts'
import type { ApiKey, ApiKeys } from './api-keys.ts'

const Key = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(Scope),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
    revokedAt: z.iso.datetime().optional(),
    lastUsedOn: z.iso.date().optional().openapi({ description: 'The day, in UTC; absent if it was never used.' }),
  })
  .openapi('ApiKey')

const NewKeyBody = z
  .strictObject({
    name: oneLine(100).openapi({ example: 'Reporting script' }),
    scopes: z.array(Scope).min(1),
    expiresAt: z.iso.datetime().optional().openapi({ description: 'In a year unless told; at most five years ahead.' }),
  })
  .openapi('NewApiKey')

const tags = ['Access']
const access = scoped('clients:manage')
const params = z.object({ id: z.string().max(64) })
const path = '/v1/api-keys'

export function apiKeyRoutes(app: PublicApp, apiKeys: ApiKeys): void {
  app.openapi(
    createRoute({
      method: 'post',
      path,
      tags,
      summary: 'Make an API key',
      description:
        'The key is sent as Authorization: Bearer, and is in this answer and nowhere else; the same Idempotency-Key gets the same answer for a day. ' +
        'Where a program can ask for tokens, a client with a key pair is the better choice.',
      ...access,
      request: { headers: repeatable, body: { required: true, content: { 'application/json': { schema: NewKeyBody } } } },
      responses: { 201: json(z.object({ key: z.string(), api_key: Key }), 'The key, this once, and what it may') },
    }),
    async (c) => {
      const own = accessOfRequest(c)
      const { name, scopes, expiresAt } = c.req.valid('json')
      refuseExcessScopes(scopes, own)
      const { apiKey, secret } = await apiKeys.create({
        organizationId: own.organizationId,
        requestId: c.req.header('idempotency-key') ?? randomUUID(),
        name,
        scopes,
        expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
      })
      c.header('cache-control', 'no-store')
      return c.json({ key: secret, api_key: present(apiKey) }, 201)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path,
      tags,
      summary: 'List API keys, the newest first',
      ...access,
      request: { query: z.object({ before: pageCursor.optional(), limit: z.coerce.number().int().min(1).max(100).default(50) }) },
      responses: { 200: json(z.object({ api_keys: z.array(Key) }), 'A page of keys') },
    }),
    async (c) => {
      const page = await apiKeys.list(accessOfRequest(c).organizationId, c.req.valid('query'))
      return c.json({ api_keys: page.map(present) }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'get',
      path: `${path}/{id}`,
      tags,
      summary: 'One API key',
      ...access,
      request: { params },
      responses: { 200: json(Key, 'What it may, without the key itself') },
    }),
    async (c) => c.json(present(await apiKeys.find(accessOfRequest(c).organizationId, c.req.valid('param').id)), 200),
  )

  app.openapi(
    createRoute({
      method: 'delete',
      path: `${path}/{id}`,
      tags,
      summary: 'Revoke an API key for good',
      description: 'It stops working everywhere within ten seconds, unless the installation says otherwise. The key stays in the list.',
      ...access,
      request: { params },
      responses: { 200: json(Key, 'The revoked key') },
    }),
    async (c) => {
      const { organizationId } = accessOfRequest(c)
      const { id } = c.req.valid('param')
      await apiKeys.revoke(organizationId, id)
      return c.json(present(await apiKeys.find(organizationId, id)), 200)
    },
  )
}

const present = ({ id, name, scopes, createdAt, expiresAt, revokedAt, lastUsedOn }: ApiKey) => ({
  id,
  name,
  scopes: [...scopes],
  createdAt: createdAt.toISOString(),
  expiresAt: expiresAt.toISOString(),
  ...(revokedAt && { revokedAt: revokedAt.toISOString() }),
  ...(lastUsedOn !== null && { lastUsedOn }),
})
