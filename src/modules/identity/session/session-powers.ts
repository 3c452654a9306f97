import { Problem } from '#platform/problem.ts'
import type { Scope } from '../contract.ts'
import type { Members, Membership } from '../membership/members.ts'
import { scopesOf } from '../membership/roles.ts'
import type { Providers } from '../provider/providers.ts'
import type { MintedToken, MintsAccessTokens } from '../token/access-tokens.ts'
import type { Proofs } from './proofs.ts'
import type { Sessions } from './sessions.ts'
import type { SignedIn } from './signed-in.ts'

export interface SessionToken extends MintedToken {
  readonly membership: Membership
  readonly scopes: readonly Scope[]
}

type Session = Pick<SignedIn, 'personId' | 'sessionId' | 'secondFactor'>

/** What a session may do for organizations. */
export interface SessionPowers {
  /** The organizations that the session may know of: of a provider's session, the provider's alone. */
  membershipsOf(session: Session): Promise<Membership[]>
  /**
   * An organization by its id or slug that the session may act for. Throws `not-found`; `forbidden` where the organization has its people
   * sign in by its provider, and this session was begun otherwise, or where the provider may not sign in this role; `second-factor-required`
   * where the organization asks for a second factor, and a person's own session showed none. What a provider asks for is the provider's matter.
   */
  actFor(session: Session, organization: string): Promise<{ membership: Membership; grantId: string }>
  /** An access token for an organization, with exactly the scopes of the person's role. Throws as {@link actFor}. */
  tokenFor(session: Session, organization: string): Promise<SessionToken>
}

/** Extension of the problem that tells to sign in by the organization's provider. */
export const needsProvider = 'signInWithOrganization'

export interface SessionPowersParts {
  readonly publicUrl: string
  readonly members: Members
  readonly sessions: Sessions
  readonly providers: Pick<Providers, 'find' | 'byId'>
  readonly proofs: Proofs
  readonly accessTokens: MintsAccessTokens
}

export function createSessionPowers({ publicUrl, members, sessions, providers, proofs, accessTokens }: SessionPowersParts): SessionPowers {
  /** The session's grant is read before the role: a role that changes meanwhile ends this grant. */
  async function powersOf({ personId, sessionId }: Session) {
    const session = await sessions.stateOf(sessionId)
    if (session === undefined) throw ended()
    const { grantId, providerId } = session
    const provider = providerId === null ? undefined : await providers.byId(providerId)
    // Taken away, or another in its place.
    if (providerId !== null && !provider) throw ended()
    const all = await members.membershipsOf(personId)
    return { grantId, provider, memberships: provider ? all.filter(({ organizationId }) => organizationId === provider.organizationId) : all }
  }

  async function actFor(session: Session, organization: string) {
    const { grantId, provider, memberships } = await powersOf(session)
    const membership = memberships.find(({ organizationId, slug }) => [organizationId, slug].includes(organization))
    if (!membership) throw new Problem('not-found', 'You are a member of no such organization.')
    const { organizationId, role } = membership
    if (provider) {
      if (!provider.permits.includes(role)) throw new Problem('forbidden', 'Sign in with your own account: the provider of this organization may not sign in your role.')
    } else if (role !== 'owner' && (await providers.find(organizationId))?.required) {
      throw new Problem('forbidden', 'Sign in by the provider of this organization: /sign-in/organization.', { extensions: { [needsProvider]: true } })
    }
    if (!provider && membership.requiresSecondFactor && !(await proofs.hasBothFactors(session))) {
      throw new Problem('second-factor-required', 'Set up a second factor on that page, or sign in anew with the one you have: the organization asks for it.', {
        extensions: { page: `${publicUrl}/account/second-factor` },
      })
    }
    return { membership, grantId }
  }

  return {
    actFor,
    membershipsOf: async (session) => (await powersOf(session)).memberships,
    async tokenFor(session, organization) {
      const { membership, grantId } = await actFor(session, organization)
      const scopes = scopesOf(membership.role)
      const minted = await accessTokens.mint({ organizationId: membership.organizationId, clientId: grantId, subject: `person:${session.personId}`, scopes })
      return { ...minted, membership, scopes }
    },
  }
}

const ended = () => new Problem('unauthenticated', 'Sign in again: this session has ended.')
