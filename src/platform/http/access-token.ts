import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import type { MiddlewareHandler } from 'hono'
import { withContext } from '../context.ts'
import { OrganizationId } from '../organization-id.ts'
import { Problem } from '../problem.ts'
import type { Access } from './access.ts'
import { type ApiKeys, looksLikeApiKey } from './api-key.ts'
import type { PublicEnvironment } from './app.ts'

export type { Access } from './access.ts'

const maxTokenBytes = 16 * 1024
const remembered = 10_000
/** Seconds by which the clocks of two machines may differ. */
const tolerance = 5

export interface AccessTokenOptions {
  /** The public keys of `identity`. Asked at first use, and again for an unknown `kid`, at most every few seconds. */
  readonly keys: () => Promise<JSONWebKeySet>
  readonly issuer: string
  /** Must be the token's only audience. */
  readonly audience: string
  /** Asked at every use, also of a token that was checked before. */
  readonly isRevoked?: (tokenId: string, clientId: string, keyId: string) => boolean
  /** Whatever begins as an API key goes there. */
  readonly apiKeys?: ApiKeys
  readonly now?: () => Date
  /** How long an unknown `kid` waits before the keys are asked for again, in milliseconds. */
  readonly refreshMs?: number
}

export interface AccessTokens {
  /** What a token, or an API key, permits. Throws `Problem('token-refused')`, or `unavailable` while the keys cannot be had. */
  verify(token: string): Promise<Access>
}

interface Verified {
  readonly access: Access
  /** `kid` of the key that signed it. */
  readonly keyId: string
  readonly expiresAt: number
  readonly notBefore: number
}

/**
 * Checks RFC 9068 access tokens in this process: `typ: at+jwt`, EdDSA or ES256, exact issuer and audience, `exp`
 * required. A signature costs 0.1 ms, so a checked token is remembered by its exact bytes; its times and its
 * revocation are looked at every time.
 */
export function createAccessTokens(options: AccessTokenOptions): AccessTokens {
  const now = () => (options.now?.() ?? new Date()).getTime() / 1_000
  const keys = keySource(options)
  const verified = new Map<string, Verified>()

  async function check(token: string): Promise<Verified> {
    refuseForeignKeys(token)
    const settings = {
      algorithms: ['EdDSA', 'ES256'],
      typ: 'at+jwt',
      issuer: options.issuer,
      audience: options.audience,
      requiredClaims: ['exp', 'iat', 'sub', 'jti', 'client_id', 'org'],
      clockTolerance: tolerance,
      currentDate: new Date(now() * 1_000),
    }
    const { payload, protectedHeader } = await keys.using((set) => jwtVerify(token, set, settings))
    const notBefore = Math.max(payload.nbf ?? 0, payload.iat!)
    return { access: accessOf(payload, options), keyId: protectedHeader.kid ?? '', expiresAt: payload.exp!, notBefore }
  }

  return {
    async verify(token) {
      if (options.apiKeys && looksLikeApiKey(token)) return options.apiKeys.verify(token)
      if (token.length > maxTokenBytes) throw refused('The token is too long')
      let known = verified.get(token)
      if (!known) {
        known = await check(token).catch((error: unknown) => {
          throw error instanceof Problem ? error : refused(reasonOf(error), error)
        })
        if (verified.size >= remembered) verified.delete(verified.keys().next().value!)
        verified.set(token, known)
      }
      const at = now()
      if (known.expiresAt + tolerance <= at) {
        verified.delete(token)
        throw refused('The token has expired')
      }
      if (known.notBefore > at + tolerance) throw refused('The token is not valid yet')
      if (options.isRevoked?.(known.access.tokenId, known.access.clientId, known.keyId)) throw refused('The token was revoked')
      return known.access
    },
  }
}

function accessOf(payload: JWTPayload, { audience }: AccessTokenOptions): Access {
  const { client_id: clientId, sub, scope, jti, org, aud } = payload
  const organizationId = OrganizationId.safeParse(org)
  if (aud !== audience || typeof clientId !== 'string' || typeof jti !== 'string' || !organizationId.success) {
    throw refused('The token lacks a claim or has one too many')
  }
  const scopes = typeof scope === 'string' ? scope.split(' ').filter(Boolean) : []
  const actor = sub === undefined || sub === clientId ? `client:${clientId}` : sub
  return { organizationId: organizationId.data, clientId, scopes, tokenId: jti, actor }
}

/**
 * A token names its key by `kid` alone: whoever could bring a key along could sign what he likes. RFC 8725, section
 * 3.10.
 */
function refuseForeignKeys(token: string): void {
  let header: Record<string, unknown>
  try {
    header = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString()) as typeof header
  } catch {
    throw refused('The token is not a JWT')
  }
  if (['jku', 'jwk', 'x5u', 'x5c'].some((name) => name in header)) throw refused('The token brings its own key')
}

/** The key set, kept; asked for again when a token's key is not in it. All who wait share one request. */
function keySource(options: AccessTokenOptions) {
  type KeySet = ReturnType<typeof createLocalJWKSet>
  const refreshMs = options.refreshMs ?? 5_000
  let current: KeySet | undefined
  let asked = Number.NEGATIVE_INFINITY
  let pending: Promise<KeySet> | undefined

  const fresh = (): Promise<KeySet> => {
    pending ??= options
      .keys()
      .catch((cause: unknown) => {
        throw new Problem('unavailable', 'The keys that check tokens cannot be had; try again later.', { cause })
      })
      .then((set) => {
        asked = performance.now()
        return (current = createLocalJWKSet(set))
      })
      .finally(() => (pending = undefined))
    return pending
  }

  return {
    async using<T>(work: (set: KeySet) => Promise<T>): Promise<T> {
      try {
        return await work(current ?? (await fresh()))
      } catch (error) {
        const unknownKey = error instanceof errors.JWKSNoMatchingKey
        if (!unknownKey || performance.now() - asked < refreshMs) throw error
        return work(await fresh())
      }
    },
  }
}

const refused = (reason: string, cause?: unknown): Problem =>
  new Problem('token-refused', `${reason}; get a new one from /oauth/token.`, { cause })

/** Which check failed, without a word of the token's content. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'The token has expired'
  if (error instanceof errors.JWTClaimValidationFailed) return `The token's ${error.claim} is not right`
  if (error instanceof errors.JWSSignatureVerificationFailed) return "The token's signature does not verify"
  if (error instanceof errors.JWKSNoMatchingKey) return "The token's key is not known"
  return 'The token is not an access token'
}

/**
 * Lets a request through that carries an access token with this scope; everything after it runs as that client, in its
 * organization. 401 without a good token, 403 without the scope (RFC 6750).
 */
export function requireScope(scope: string): MiddlewareHandler<PublicEnvironment> {
  const handler: MiddlewareHandler<PublicEnvironment> = async (c, next) => {
    const tokens = c.get('accessTokens')
    if (!tokens) throw new Error('This app was made without accessTokens and cannot require a scope')
    const header = c.req.header('authorization')
    if (!header) throw new Problem('unauthenticated', 'Send Authorization: Bearer with a token from /oauth/token or an API key.')
    const token = /^Bearer +(\S+)$/i.exec(header)?.[1]
    if (!token) throw refused('The Authorization header is not a bearer token')
    const access = await tokens.verify(token)
    c.set('access', access)
    const context = { organizationId: access.organizationId, actor: access.actor }
    if (!access.scopes.includes(scope)) {
      await withContext(context, () =>
        c.get('onDenied')?.({ access, method: c.req.method, path: c.req.path, scope }))
      throw new Problem('forbidden', `Ask for a token with the scope ${scope}.`, { extensions: { scope } })
    }
    await withContext(context, next)
  }
  return Object.assign(handler, { [requiredScope]: scope })
}

/** Whether the token of a request that was let through is good still: for answers that go on beyond its life. */
export async function accessStands(c: { req: { header(name: string): string | undefined }; get(key: 'accessTokens'): AccessTokens | undefined }): Promise<boolean> {
  const token = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
  if (token === undefined) return false
  try {
    await c.get('accessTokens')?.verify(token)
    return true
  } catch {
    return false
  }
}

const requiredScope = Symbol('requiredScope')

/** The scope that a middleware requires; undefined when it is not one of {@link requireScope}. */
export const scopeOf = (middleware: unknown): string | undefined =>
  (middleware as { [requiredScope]?: string })[requiredScope]

/** The access of a request behind {@link requireScope}. */
export function accessOfRequest(c: { get(key: 'access'): Access | undefined }): Access {
  const access = c.get('access')
  if (!access) throw new Error('The route reads its access without requireScope before it')
  return access
}
