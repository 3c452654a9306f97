import type { Program } from '#platform/boot.ts'
import type { AddCommands } from '#platform/cli/command.ts'
import type { Registry } from '#platform/module.ts'
import { scopes } from '#modules/identity/index.ts'

/**
 * Every module of the product: the only place that loads a `module.ts`, so that a split process loads what it hosts and
 * nothing else. `paths` are the module's public routes; the front door forwards by the longest of them that matches.
 */
export const modules: Registry = {
  identity: {
    paths: [
      '/oauth', '/.well-known/oauth-authorization-server', '/setup', '/v1/setup', '/v1/organization', '/v1/clients', '/v1/api-keys', '/v1/recipients', '/v1/audit', '/v1/audit.csv', '/v1/usage',
      '/sign-in', '/account', '/invitations', '/v1/session', '/v1/sessions', '/v1/passkeys', '/v1/password', '/v1/account', '/v1/members', '/v1/invitations', '/v1/roles',
    ],
    load: async () => (await import('./modules/identity/module.ts')).default,
  },
  issuance: {
    paths: ['/v1/credentials', '/v1/batches', '/v1/templates', '/v1/achievements', '/status', '/organizations', '/recipient', '/v1/erasure-requests'],
    load: async () => (await import('./modules/issuance/module.ts')).default,
  },
  verification: {
    paths: ['/v', '/credentials', '/issuers', '/log', '/v1/verify', '/vc-api'],
    load: async () => (await import('./modules/verification/module.ts')).default,
  },
  notification: {
    paths: ['/v1/messages'],
    load: async () => (await import('./modules/notification/module.ts')).default,
  },
}

/** Vellum, whichever of its modules a process hosts. */
export const program: Program = { registry: modules, authority: 'identity', recipients: 'issuance', scopes }

/** What modules add to the command line. */
export const commands = async (): Promise<AddCommands[]> => [
  (await import('./modules/identity/commands.ts')).identityCommands,
  (await import('./modules/identity/data-key/key-commands.ts')).keyCommands,
  (await import('./modules/issuance/commands.ts')).issuanceCommands,
  (await import('./modules/verification/commands.ts')).verificationCommands,
]
