import { allScopes, type Role, type Scope } from '../contract.ts'

/**
 * The permission table: who has which scope. The only place that says so; `docs/permissions.md` shows it, and a scope that is
 * added must say here who has it.
 */
const holders: Readonly<Record<Scope, readonly Role[]>> = {
  'credentials:read': ['owner', 'admin', 'issuer', 'reviewer', 'viewer'],
  'credentials:write': ['owner', 'admin', 'issuer'],
  'templates:read': ['owner', 'admin', 'issuer', 'reviewer', 'viewer'],
  'templates:write': ['owner', 'admin', 'issuer'],
  'organization:read': ['owner', 'admin', 'issuer', 'reviewer', 'viewer'],
  'organization:write': ['owner', 'admin'],
  'clients:manage': ['owner', 'admin'],
  'recipients:erase': ['owner', 'admin'],
  'recipients:export': ['owner', 'admin'],
  'organization:export': ['owner'],
  'audit:read': ['owner', 'admin', 'reviewer'],
  'notifications:read': ['owner', 'admin', 'issuer', 'reviewer'],
  'notifications:write': ['owner', 'admin', 'issuer'],
  'members:read': ['owner', 'admin', 'reviewer'],
  'members:manage': ['owner', 'admin'],
  'sign-in:manage': ['owner', 'admin'],
}

/** Exactly the scopes of a role, in the order of the scopes. */
export const scopesOf = (role: Role): Scope[] => allScopes.filter((scope) => holders[scope].includes(role))

/** Whether who has these scopes may give, change or take a role: only one that permits nothing beyond them. */
export const mayGive = (own: readonly string[], role: Role): boolean => scopesOf(role).every((scope) => own.includes(scope))
