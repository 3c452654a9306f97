import { pageNonce } from '#platform/http/security-headers.ts'
import { Problem } from '#platform/problem.ts'
import type { Scope } from '../contract.ts'
import { scopesOf } from '../membership/roles.ts'
import type { SessionPowers } from '../session/session-powers.ts'
import type { SessionCookies, SignedIn } from '../session/signed-in.ts'
import { type Managing, notHerePage } from './manage-frame.ts'
import { answer, type C, languageOf, to, toSecondFactor } from './page-kit.ts'

export interface ManagingParts {
  readonly sessionCookies: SessionCookies
  readonly sessionPowers: SessionPowers
}

/**
 * Serves who manages the organization whose slug the address names. Who is not signed in is led to signing in, and whose session lacks the
 * second factor that the organization asks for, to setting one up. For who is no member of it, whose role does not permit what
 * is needed, or whose session may not act for it, there is no such page.
 */
export async function whoManages(
  c: C,
  { sessionCookies, sessionPowers }: ManagingParts,
  needed: Scope | undefined,
  serve: (managing: Managing, signedIn: SignedIn) => Promise<Response>,
): Promise<Response> {
  const signedIn = await sessionCookies.findAny(c)
  if (!signedIn) return to(c, '/sign-in')
  const slug = c.req.param('slug')!
  const acting = await sessionPowers.actFor(signedIn, slug).catch((error: unknown) => {
    if (error instanceof Problem && error.code === 'second-factor-required') return 'second-factor' as const
    if (error instanceof Problem && ['not-found', 'forbidden'].includes(error.code)) return undefined
    throw error
  })
  if (acting === 'second-factor') return toSecondFactor(c)
  const scopes = acting ? scopesOf(acting.membership.role) : []
  if (acting?.membership.slug !== slug || (needed !== undefined && !scopes.includes(needed)))
    return answer(c, notHerePage(languageOf(c), pageNonce(c)), 404)
  const { membership } = acting
  return serve({ language: languageOf(c), nonce: pageNonce(c), membership, memberships: await sessionPowers.membershipsOf(signedIn), scopes }, signedIn)
}
