import type { JSONWebKeySet } from 'jose'
import type { AuthorityClient } from './authority-operations.ts'

export interface TokenAuthority {
  /** For `createAccessTokens`. */
  keys(): Promise<JSONWebKeySet>
  isRevoked(tokenId: string, clientId: string): boolean
  /** Fetches the revocations anew; then again every 30 s, so that a disabled client stops working within a minute. */
  start(): Promise<void>
  stop(): void
}

const REFRESH_MS = 30_000

/** Knows the authority's public keys and revocations without asking it for every request. */
export function createTokenAuthority(client: AuthorityClient, onError: (error: unknown) => void): TokenAuthority {
  let tokens: ReadonlySet<string> = new Set()
  let clients: ReadonlySet<string> = new Set()
  let timer: ReturnType<typeof setInterval> | undefined
  const refresh = async (): Promise<void> => {
    const revoked = await client.revocations({})
    tokens = new Set(revoked.tokens)
    clients = new Set(revoked.clients)
  }
  return {
    keys: async () => (await client.verificationKeys({})) as unknown as JSONWebKeySet,
    isRevoked: (tokenId, clientId) => tokens.has(tokenId) || clients.has(clientId),
    async start() {
      timer ??= setInterval(() => void refresh().catch(onError), REFRESH_MS)
      timer.unref?.()
      await refresh().catch(onError)
    },
    stop() {
      clearInterval(timer)
    },
  }
}
