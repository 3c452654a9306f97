import type { OrganizationId } from '../organization-id.ts'

/** What a checked access token or API key says about a request: the only source of a tenant for a public route. */
export interface Access {
  readonly organizationId: OrganizationId
  /** Of an API key its id. */
  readonly clientId: string
  readonly scopes: readonly string[]
  /** The token's `jti`: what a revocation names. */
  readonly tokenId: string
  /** Who acts, for the audit: `client:{id}`, `key:{id}`, or of a session `person:{id}`. */
  readonly actor: string
}
