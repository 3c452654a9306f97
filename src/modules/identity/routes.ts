import type { PublicApp } from '#platform/module.ts'
import { clientRoutes } from './client/client-routes.ts'
import { erasureRoutes } from './erasure/erasure-routes.ts'
import type { Erasures } from './erasure/erasures.ts'
import { organizationRoutes } from './organization/organization-routes.ts'
import type { Organizations } from './organization/organizations.ts'
import type { Setup } from './setup/setup.ts'
import { setupRoutes } from './setup/setup-routes.ts'
import { tokenRoutes, type TokenParts } from './token/token-routes.ts'

export interface IdentityParts extends TokenParts {
  readonly organizations: Organizations
  readonly erasures: Erasures
  readonly setup: Setup
}

/** All public routes of identity. */
export function identityRoutes(app: PublicApp, parts: IdentityParts): void {
  tokenRoutes(app, parts)
  setupRoutes(app, parts.setup, parts.publicUrl)
  organizationRoutes(app, parts.organizations)
  clientRoutes(app, parts.apiClients)
  erasureRoutes(app, parts.erasures)
}
