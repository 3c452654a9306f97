import { createRoute, z } from '@hono/zod-openapi'
import { withContext } from '#platform/context.ts'
import { json } from '#platform/http/json-response.ts'
import { requireSameOrigin } from '#platform/http/same-origin.ts'
import type { PublicApp } from '#platform/module.ts'
import type { Proofs } from '../session/proofs.ts'
import { requireSession, type SessionCookies } from '../session/signed-in.ts'
import type { AccountDeletion } from './account-deletion.ts'

export interface AccountRouteParts {
  readonly publicUrl: string
  readonly accountDeletion: AccountDeletion
  readonly proofs: Proofs
  readonly sessionCookies: SessionCookies
}

/** The account of who is signed in, as a whole. */
export function accountRoutes(app: PublicApp, { publicUrl, accountDeletion, proofs, sessionCookies }: AccountRouteParts): void {
  app.openapi(
    createRoute({
      method: 'delete',
      path: '/v1/account',
      tags: ['People'],
      security: [{ session: [] }] as Record<string, string[]>[],
      middleware: [requireSameOrigin(publicUrl), requireSession(sessionCookies)],
      summary: 'Delete your account',
      description:
        'For good: password, passkeys, sessions and memberships go; the audit keeps the id. Needs a sign-in of the last ten minutes, and of who has a second factor one that ' +
        'showed it; on the page /account/delete the password does instead of a recent one. Refused with `state-refused`, and the slugs of `organizations`, while you are the only ' +
        'owner of one.',
      responses: { 200: json(z.object({ person: z.string(), deleted: z.literal(true) }), 'It is deleted') },
    }),
    async (c) => {
      const signedIn = await sessionCookies.require(c)
      const { personId } = signedIn
      await proofs.requireFactors(signedIn)
      await proofs.requirePerson(c, signedIn, undefined)
      await withContext({ actor: `person:${personId}` }, () => accountDeletion.delete(personId))
      await sessionCookies.signOut(c)
      return c.json({ person: personId, deleted: true as const }, 200)
    },
  )
}
