import { createRoute, z } from '@hono/zod-openapi'
import { accessOfRequest } from '#platform/http/access-token.ts'
import { scoped } from '#platform/http/scoped.ts'
import { pageCursor } from '#platform/typed-text.ts'
import type { PublicApp } from '#platform/module.ts'
import { listMessages } from './message/messages.ts'
import type { NotificationContext } from './notification-context.ts'

const State = z.enum(['pending', 'sent', 'failed', 'withdrawn'])

const Message = z
  .object({
    id: z.string(),
    credentialId: z.string(),
    channel: z.enum(['email']),
    messageId: z.string(),
    state: State,
    reason: z.string().nullable(),
    createdAt: z.iso.datetime(),
    finishedAt: z.iso.datetime().nullable(),
  })
  .openapi('Message')

export function notificationRoutes(app: PublicApp, context: NotificationContext): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/v1/messages',
      tags: ['Messages'],
      summary: 'What was sent, and what became of it',
      ...scoped('notifications:read'),
      request: {
        query: z.object({
          credential: z.string().max(64).optional(),
          state: State.optional(),
          after: pageCursor.optional().openapi({ description: '`next` of the page before.' }),
          limit: z.coerce.number().int().min(1).max(200).default(50),
        }),
      },
      responses: {
        200: {
          description: 'A page, newest first',
          content: { 'application/json': { schema: z.object({ messages: z.array(Message), next: z.string().nullable() }) } },
        },
      },
    }),
    async (c) => {
      const { credential, ...filter } = c.req.valid('query')
      const { organizationId } = accessOfRequest(c)
      return c.json(await listMessages(context, organizationId, { ...filter, credentialId: credential }), 200)
    },
  )
}
