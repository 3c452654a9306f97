import { pageNonce } from '#platform/http/security-headers.ts'
import { Problem } from '#platform/problem.ts'
import type { Scope } from '../contract.ts'
import { scopesOf } from '../membership/roles.ts'
import type { SessionPowers } from '../session/session-powers.ts'
import type { SignedIn } from '../session/signed-in.ts'
import type { Managing } from './manage-frame.ts'
import { type C, languageOf } from './page-kit.ts'

/**
 * Who manages the organization whose slug the address names. Undefined for who is no member of it, whose role does not permit what is needed,
 * or whose session may not act for it.
 */
export async function managingOf(c: C, sessionPowers: SessionPowers, signedIn: SignedIn, needed: Scope | undefined): Promise<Managing | undefined> {
  const acting = await sessionPowers.actFor(signedIn, c.req.param('slug')!).catch((error: unknown) => {
    if (error instanceof Problem && ['not-found', 'forbidden', 'second-factor-required'].includes(error.code)) return undefined
    throw error
  })
  if (!acting || acting.membership.slug !== c.req.param('slug')) return undefined
  const { membership } = acting
  const scopes = scopesOf(membership.role)
  if (needed !== undefined && !scopes.includes(needed)) return undefined
  return { language: languageOf(c), nonce: pageNonce(c), membership, memberships: await sessionPowers.membershipsOf(signedIn), scopes }
}
