import { z } from 'zod'

/** Settings of identity, from the environment. How the master key is found is told in platform/crypto/master-key.ts. */
export const identityConfig = z.object({
  DATA_DIR: z.string().default('./data'),
  MASTER_KEY: z.string().optional(),
  MASTER_KEY_FILE: z.string().optional(),
  /** The one before it, until every data key is wrapped anew. */
  MASTER_KEY_PREVIOUS: z.string().optional(),
  MASTER_KEY_PREVIOUS_FILE: z.string().optional(),
  /** Seconds that a process may hold a data key. */
  DATA_KEY_SECONDS: z.coerce.number().int().min(2).max(600).default(60),
  /** Seconds that an access token lives. */
  ACCESS_TOKEN_SECONDS: z.coerce.number().int().min(30).max(3600).default(600),
  /** Days that a key signs access tokens before its successor is made; 0: until `vellum token-keys rotate`. */
  TOKEN_KEY_DAYS: z.coerce.number().int().min(0).max(3650).default(90),
  /** Seconds that a new key is published before it signs: longer than anybody keeps the key set. */
  TOKEN_KEY_LEAD_SECONDS: z.coerce.number().int().min(1).max(86_400).default(600),
  /** Comma-separated `host:port` of OpenID providers in the installation's own network: the only private addresses that one may have, and the only ones without TLS. */
  SIGN_IN_PRIVATE_HOSTS: z
    .string()
    .transform((text) => text.split(',').map((one) => one.trim()).filter(Boolean))
    .optional(),
})
export type IdentityConfig = z.output<typeof identityConfig>
