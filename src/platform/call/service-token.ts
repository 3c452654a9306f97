import { hkdfSync } from 'node:crypto'
import { jwtVerify, SignJWT } from 'jose'
import { Problem } from '../problem.ts'

/** Seconds that a service token lives. A new one is minted when half of that is over. */
const lifetime = 60
/** Seconds by which the clocks of two processes may differ: docs/decisions/0186. */
export const clockTolerance = 900
const remembered = 1_000

/** Proves to one module which module calls it. The same tokens travel in process and across the network. */
export interface ServiceTokens {
  mint(issuer: string, audience: string): Promise<string>
  /** Answers the calling module's name. Throws `Problem('unauthenticated' | 'token-refused')`; of clocks too far apart it says so. */
  verify(token: string, audience: string): Promise<string>
}

/** A key for one purpose out of SERVICE_SECRET: HKDF-SHA-256 (RFC 5869), 32 bytes. */
export const serviceKey = (secret: Uint8Array, purpose: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), `vellum ${purpose}`, 32))

/**
 * Short JWTs: HS256, `typ: service+jwt`, `iss` the calling module, `aud` the called one, 60 s.
 * A verified token is remembered by its exact bytes, so that only its expiry is looked at again.
 */
export function createServiceTokens(secret: Uint8Array, now: () => Date = () => new Date()): ServiceTokens {
  const key = serviceKey(secret, 'service token v1')
  const minted = new Map<string, { token: string; renewAt: number }>()
  const verified = new Map<string, { issuer: string; audience: string; expiresAt: number }>()
  const seconds = () => Math.floor(now().getTime() / 1_000)

  return {
    async mint(issuer, audience) {
      const name = `${issuer}>${audience}`
      const at = seconds()
      const known = minted.get(name)
      if (known && known.renewAt > at && known.renewAt <= at + lifetime) return known.token
      const token = await new SignJWT()
        .setProtectedHeader({ alg: 'HS256', typ: 'service+jwt' })
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(at)
        .setExpirationTime(at + lifetime)
        .sign(key)
      minted.set(name, { token, renewAt: at + lifetime / 2 })
      return token
    },

    async verify(token, audience) {
      const known = verified.get(token)
      if (known && known.audience === audience && known.expiresAt + clockTolerance > seconds()) return known.issuer
      const refuse = (cause?: unknown) =>
        new Problem('token-refused', 'Call with a service token that was minted for this module.', { cause })
      if (!token) throw new Problem('unauthenticated', 'Internal calls need a service token.')
      if (token.length > 4_096) throw refuse()
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: ['HS256'],
          typ: 'service+jwt',
          audience,
          requiredClaims: ['iss', 'exp', 'iat'],
          // Its times are looked at below, where the difference is known.
          currentDate: new Date(0),
        })
        if (payload.aud !== audience || !payload.iss || !(payload.exp! - payload.iat! <= lifetime)) throw refuse()
        const early = payload.iat! - seconds()
        const late = seconds() - payload.exp!
        if (Math.max(early, late) >= clockTolerance) throw clocksApart(early > late ? early : -late)
        if (verified.size >= remembered) verified.delete(verified.keys().next().value!)
        verified.set(token, { issuer: payload.iss, audience, expiresAt: payload.exp! })
        return payload.iss
      } catch (error) {
        throw error instanceof Problem ? error : refuse(error)
      }
    },
  }
}

/** A caller mints a new token long before the old one ends, so one that does not fit the time comes from another clock. */
const clocksApart = (seconds: number): Problem =>
  new Problem(
    'token-refused',
    `The caller's clock is about ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} this one; keep both with NTP, and try again.`,
  )

/** The token of an `Authorization: Bearer` header; empty when there is none. */
export function bearerOf(header: string | null | undefined): string {
  const match = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(header ?? '')
  return match?.[1] ?? ''
}
