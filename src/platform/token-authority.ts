import type { JSONWebKeySet } from 'jose'
import type { AuthorityClient } from './authority-operations.ts'
import { createApiKeys } from './http/api-key.ts'
import type { AccessTokenOptions } from './http/access-token.ts'

/** For `createAccessTokens`. */
export interface TokenAuthority extends Required<Pick<AccessTokenOptions, 'keys' | 'isRevoked' | 'apiKeys' | 'refreshMs'>> {
  /** Fetches the revocations anew; then again at the interval, so that what was revoked stops working within it. */
  start(): Promise<void>
  stop(): void
}

export interface TokenAuthorityOptions {
  /** How long what the authority says stands, in milliseconds. */
  readonly pollMs: number
  readonly onError: (error: unknown) => void
}

/** Knows the authority's public keys, revocations and API keys without asking it for every request. */
export function createTokenAuthority(client: AuthorityClient, { pollMs, onError }: TokenAuthorityOptions): TokenAuthority {
  let tokens: ReadonlySet<string> = new Set()
  let clients: ReadonlySet<string> = new Set()
  let keys: ReadonlySet<string> = new Set()
  let timer: ReturnType<typeof setInterval> | undefined
  const refresh = async (): Promise<void> => {
    const revoked = await client.revocations({})
    tokens = new Set(revoked.tokens)
    clients = new Set(revoked.clients)
    keys = new Set(revoked.keys)
  }
  return {
    refreshMs: Math.min(pollMs, 5_000),
    keys: async () => (await client.verificationKeys({})) as unknown as JSONWebKeySet,
    isRevoked: (tokenId, clientId, keyId) => tokens.has(tokenId) || clients.has(clientId) || keys.has(keyId),
    apiKeys: createApiKeys({ find: (hash) => client.apiKey({ hash }), isRevoked: (id) => clients.has(id), freshMs: pollMs }),
    async start() {
      timer ??= setInterval(() => void refresh().catch(onError), pollMs)
      timer.unref?.()
      await refresh().catch(onError)
    },
    stop() {
      clearInterval(timer)
    },
  }
}
