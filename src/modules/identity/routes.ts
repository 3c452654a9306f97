import type { PublicApp } from '#platform/module.ts'
import { apiKeyRoutes } from './api-key/api-key-routes.ts'
import type { ApiKeys } from './api-key/api-keys.ts'
import { clientRoutes } from './client/client-routes.ts'
import { erasureRoutes } from './erasure/erasure-routes.ts'
import type { Erasures } from './erasure/erasures.ts'
import { organizationRoutes } from './organization/organization-routes.ts'
import { invitationRoutes, type InvitationRouteParts } from './membership/invitation-routes.ts'
import { memberRoutes } from './membership/member-routes.ts'
import type { Members } from './membership/members.ts'
import type { Organizations } from './organization/organizations.ts'
import { passkeyRoutes, type PasskeyRouteParts } from './passkey/passkey-routes.ts'
import { accountRoutes } from './person/account-routes.ts'
import { passwordRoutes } from './person/password-routes.ts'
import { pageRoutes, type PageParts } from './page/page-routes.ts'
import { providerRoutes } from './provider/provider-routes.ts'
import { sessionRoutes, type SessionRouteParts } from './session/session-routes.ts'
import type { Setup } from './setup/setup.ts'
import { setupRoutes } from './setup/setup-routes.ts'
import { tokenRoutes, type TokenParts } from './token/token-routes.ts'

export interface IdentityParts extends TokenParts, SessionRouteParts, InvitationRouteParts, PasskeyRouteParts, PageParts {
  readonly organizations: Organizations
  readonly members: Members
  readonly apiKeys: ApiKeys
  readonly erasures: Erasures
  readonly setup: Setup
}

/** All public routes of identity. */
export function identityRoutes(app: PublicApp, parts: IdentityParts): void {
  tokenRoutes(app, parts)
  setupRoutes(app, parts.setup, parts.publicUrl)
  organizationRoutes(app, parts.organizations)
  providerRoutes(app, parts.providers, parts.publicUrl)
  clientRoutes(app, parts.apiClients)
  apiKeyRoutes(app, parts.apiKeys)
  erasureRoutes(app, parts.erasures)
  memberRoutes(app, parts.members)
  invitationRoutes(app, parts)
  sessionRoutes(app, parts)
  passkeyRoutes(app, parts)
  passwordRoutes(app, parts)
  accountRoutes(app, parts)
  pageRoutes(app, parts)
}
