import { createAuthEndpoint } from 'better-auth/api'
import { setSessionCookie } from 'better-auth/cookies'
import { z } from 'zod'

/** For better-auth: a session of somebody whom an organization's provider vouched for. The provider stands in the session, and what it is good for is told in session/signed-in.ts. */
export const providerSession = () => ({
  id: 'provider-session',
  schema: { session: { fields: { providerId: { type: 'string' as const, required: false, input: false } } } },
  endpoints: {
    signInByProvider: createAuthEndpoint('/sign-in/provider', { method: 'POST', body: z.object({ personId: z.string(), providerId: z.string() }) }, async (ctx) => {
      const { internalAdapter } = ctx.context
      const user = await internalAdapter.findUserById(ctx.body.personId)
      if (!user) throw new Error('There is no person of this id.')
      // Not remembered: a day, and no prolonging.
      const session = await internalAdapter.createSession(user.id, true, { providerId: ctx.body.providerId })
      await setSessionCookie(ctx, { session, user }, true)
      return ctx.json({})
    }),
  },
})
