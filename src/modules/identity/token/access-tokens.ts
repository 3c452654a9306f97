import { gt, lt } from 'drizzle-orm'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify, SignJWT } from 'jose'
import { randomUUID } from 'node:crypto'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { Scope } from '../contract.ts'
import type { SigningKeys } from './signing-keys.ts'

export interface TokenOrder {
  readonly organizationId: OrganizationId
  /** The API client, or who else acts: `cli`. */
  readonly clientId: string
  /** For whom it acts, as the audit names them: `person:{id}`. Absent: the client itself. */
  readonly subject?: string
  readonly scopes: readonly Scope[]
}

export interface MintedToken {
  readonly accessToken: string
  readonly expiresInSeconds: number
}

/** What a token of ours says, while it is alive. */
export interface LiveToken {
  readonly tokenId: string
  readonly clientId: string
  /** For whom it acts: `person:{id}`, or the client itself. */
  readonly subject: string
  readonly organizationId: string
  readonly scope: string
  readonly issuedAt: number
  readonly expiresAt: number
}

export interface MintsAccessTokens {
  /** An RFC 9068 access token for this installation, signed EdDSA. */
  mint(order: TokenOrder): Promise<MintedToken>
  /** Undefined for anything that is not a token of ours, has expired, or was revoked. */
  inspect(token: string): Promise<LiveToken | undefined>
  /** Void from now on here, and everywhere within a minute. Repeating changes nothing. */
  revoke(token: LiveToken): Promise<void>
  /** The `jti` of revoked tokens that would still be alive. */
  revoked(): Promise<string[]>
}

/** A verifier whose clock is behind still accepts a token for a while. */
const toleranceMs = 60_000

export function createAccessTokens(
  { database, publicUrl, config, now }: Pick<IdentityContext, 'database' | 'publicUrl' | 'config' | 'now'>,
  signingKeys: SigningKeys,
): MintsAccessTokens {
  const { revokedTokens } = database.tables
  const expiresInSeconds = config.ACCESS_TOKEN_SECONDS
  const seconds = () => Math.floor(now().getTime() / 1000)
  const ago = (milliseconds: number) => new Date(now().getTime() - milliseconds)

  const revoked = async (): Promise<string[]> => {
    const rows = await database.read
      .select({ tokenId: revokedTokens.tokenId })
      .from(revokedTokens)
      .where(gt(revokedTokens.expiresAt, ago(toleranceMs)))
    return rows.map(({ tokenId }) => tokenId)
  }

  return {
    revoked,

    async mint({ organizationId, clientId, subject = clientId, scopes }) {
      const { kid, privateKey } = await signingKeys.current()
      const issuedAt = seconds()
      const accessToken = await new SignJWT({ client_id: clientId, scope: scopes.join(' '), org: organizationId })
        .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid })
        .setIssuer(publicUrl)
        .setAudience(publicUrl)
        .setSubject(subject)
        .setJti(randomUUID())
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + expiresInSeconds)
        .sign(privateKey)
      return { accessToken, expiresInSeconds }
    },

    async inspect(token) {
      if (token.length > 16_384) return undefined
      const published = createLocalJWKSet({ keys: await signingKeys.published() } as unknown as JSONWebKeySet)
      const verified = await jwtVerify(token, published, {
        algorithms: ['EdDSA'],
        typ: 'at+jwt',
        issuer: publicUrl,
        audience: publicUrl,
        currentDate: now(),
      }).catch(() => undefined)
      if (!verified) return undefined
      const { jti, client_id, sub, org, scope, iat, exp } = verified.payload as Record<string, string> & { iat: number; exp: number }
      if (!jti || !client_id || !org || (await revoked()).includes(jti)) return undefined
      return { tokenId: jti, clientId: client_id, subject: sub ?? client_id, organizationId: org, scope: scope ?? '', issuedAt: iat, expiresAt: exp }
    },

    async revoke({ tokenId, clientId, organizationId, expiresAt }) {
      await database.transaction(async (tx) => {
        await tx.delete(revokedTokens).where(lt(revokedTokens.expiresAt, ago(toleranceMs)))
        const inserted = await tx
          .insert(revokedTokens)
          .values({ tokenId, clientId, expiresAt: new Date(expiresAt * 1000) })
          .onConflictDoNothing()
          .returning({ tokenId: revokedTokens.tokenId })
        if (inserted.length === 0) return
        const target = { organizationId: organizationId as OrganizationId, target: tokenId }
        await tx.audit({ ...target, action: 'token.revoked', details: { client: clientId } })
      })
    },
  }
}
