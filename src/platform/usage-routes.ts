import { createRoute, z } from '@hono/zod-openapi'
import { accessOfRequest } from './http/access-token.ts'
import { json } from './http/json-response.ts'
import { scoped } from './http/scoped.ts'
import type { PublicApp } from './module.ts'
import { UsedCredentials } from './platform-operations.ts'
import type { FindUsage } from './usage.ts'

const limit = z.number().int().nullable()

const Usage = z
  .object({
    month: z.string().openapi({ example: '2026-11', description: 'Of the calendar, in UTC.' }),
    renewedAt: z.iso.datetime(),
    credentials: UsedCredentials.extend({ limit, left: limit }).openapi({
      description:
        '`total` is what the quota counts: all that were accepted in this month. `byState` is what has become of those that are there. ' +
        '`limit` and `left` are null without a quota.',
    }),
    requestsPerMinute: z.object({ organization: limit, client: limit }).openapi({ description: 'Of all programs together, and of one; null: no limit.' }),
  })
  .openapi('Usage')

/** Answered beside the module that signs access tokens, because what is counted lies in other modules than what is permitted. */
export function usageRoutes(app: PublicApp, usage: FindUsage): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/usage',
      tags: ['Organization'],
      summary: 'What the organization has used in this month, and what is left',
      ...scoped('organization:read'),
      responses: { 200: json(Usage, 'This month') },
    }),
    async (c) => {
      const { renewedAt, ...used } = await usage(accessOfRequest(c).organizationId)
      return c.json({ ...used, renewedAt: renewedAt.toISOString() }, 200)
    },
  )
}
