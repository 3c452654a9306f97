import type { BetterAuthPlugin } from 'better-auth'
import { createAuthEndpoint } from 'better-auth/api'
import { setSessionCookie } from 'better-auth/cookies'
import { z } from 'zod'

/**
 * For better-auth: a session for somebody who proved who they are in a way of which it knows nothing: by a passkey, or by an organization's
 * provider, which then stands in the session; what that is good for is told in session/signed-in.ts. For `api` alone: it has no path.
 */
export const startsSessions = {
  id: 'vellum',
  schema: { session: { fields: { providerId: { type: 'string', required: false, input: false } } } },
  endpoints: {
    startSession: createAuthEndpoint.serverOnly({ method: 'POST', body: z.object({ userId: z.string(), providerId: z.string().optional() }) }, async (ctx) => {
      const { userId, providerId } = ctx.body
      const { internalAdapter } = ctx.context
      const user = await internalAdapter.findUserById(userId)
      if (!user) throw ctx.error('UNAUTHORIZED')
      // A provider's is not remembered: a day, and no prolonging.
      const forgets = providerId !== undefined
      const session = await internalAdapter.createSession(user.id, forgets, { providerId })
      await setSessionCookie(ctx, { session, user }, forgets)
      return ctx.json({ status: true })
    }),
  },
} satisfies BetterAuthPlugin
