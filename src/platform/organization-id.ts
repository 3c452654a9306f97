import { z } from 'zod'

/**
 * The tenant. Branded, so that a store function cannot be called with any other string: it comes from a checked
 * access token, from an event envelope, or from a row.
 */
export const OrganizationId = z.string().min(1).max(64).brand<'OrganizationId'>()
export type OrganizationId = z.infer<typeof OrganizationId>

/** What belongs to no organization (the log, the installation's own keys) belongs to the installation. */
export const installation = 'installation' as OrganizationId
