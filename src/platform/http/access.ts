import type { OrganizationId } from '../organization-id.ts'

/** What a checked access token says about a request: the only source of a tenant for a public route. */
export interface Access {
  readonly organizationId: OrganizationId
  readonly clientId: string
  /** Whom the client acts for, as the audit names them: `person:{id}`. Absent: itself. */
  readonly subject?: string
  readonly scopes: readonly string[]
  /** The token's `jti`: what a revocation names. */
  readonly tokenId: string
}
