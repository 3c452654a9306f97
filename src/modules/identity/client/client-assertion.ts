import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose'
import type { PublicKeys } from './public-keys.ts'

export const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Seconds by which clocks may differ, and the longest that an assertion may live. */
const tolerance = 30
const longestLife = 300

export interface VerifiedAssertion {
  /** `jti`: good for one use. */
  readonly assertionId: string
  readonly expiresAt: Date
}

/** Who an assertion says it comes from, before anything is verified: to look up the keys. */
export function assertedClient(assertion: string): string | undefined {
  if (assertion.length > 16_384) return undefined
  try {
    return decodeJwt(assertion).sub
  } catch {
    return undefined
  }
}

/**
 * Verifies a client assertion (RFC 7523, section 3): signed with one of the client's own keys, `iss` and `sub` the client,
 * `aud` the issuer or the token endpoint, `exp` at most five minutes ahead, a `jti`. Undefined for anything else.
 */
export async function verifyAssertion(
  assertion: string,
  expected: { clientId: string; keys: PublicKeys; audiences: readonly string[]; now: Date },
): Promise<VerifiedAssertion | undefined> {
  const { clientId, keys, audiences, now } = expected
  try {
    const { payload } = await jwtVerify(assertion, createLocalJWKSet(keys as unknown as JSONWebKeySet), {
      algorithms: ['EdDSA', 'Ed25519', 'ES256', 'PS256', 'RS256'],
      issuer: clientId,
      subject: clientId,
      audience: [...audiences],
      requiredClaims: ['exp', 'jti'],
      clockTolerance: tolerance,
      currentDate: now,
    })
    const { jti, exp } = payload
    if (!jti || jti.length > 200 || exp === undefined || exp > now.getTime() / 1000 + longestLife + tolerance) return undefined
    return { assertionId: jti, expiresAt: new Date(exp * 1000) }
  } catch {
    return undefined
  }
}
