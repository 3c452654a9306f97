import { Problem } from '#platform/problem.ts'
import type { Scope } from '../contract.ts'
import type { Members, Membership } from '../membership/members.ts'
import { scopesOf } from '../membership/roles.ts'
import type { MintedToken, MintsAccessTokens } from '../token/access-tokens.ts'
import type { Sessions } from './sessions.ts'
import type { SignedIn } from './signed-in.ts'

export interface SessionToken extends MintedToken {
  readonly membership: Membership
  readonly scopes: readonly Scope[]
}

/** An access token for an organization by its id or slug, with exactly the scopes of the person's role. Throws `not-found`. */
export type IssuesTokens = (signedIn: Pick<SignedIn, 'personId' | 'sessionId'>, organization: string) => Promise<SessionToken>

export function createTokenForSession({ members, sessions, accessTokens }: { members: Members; sessions: Sessions; accessTokens: MintsAccessTokens }): IssuesTokens {
  return async ({ personId, sessionId }, organization) => {
    // Read before the role: a role that changes meanwhile ends this grant.
    const grantId = await sessions.grantOf(sessionId)
    if (grantId === undefined) throw new Problem('unauthenticated', 'Sign in again: this session has ended.')
    const membership = (await members.membershipsOf(personId)).find(({ organizationId, slug }) => [organizationId, slug].includes(organization))
    if (!membership) throw new Problem('not-found', 'You are a member of no such organization.')
    const { organizationId, role } = membership
    const scopes = scopesOf(role)
    const minted = await accessTokens.mint({ organizationId, clientId: grantId, subject: `person:${personId}`, scopes })
    return { ...minted, membership, scopes }
  }
}
