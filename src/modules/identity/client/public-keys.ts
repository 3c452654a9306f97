import { z } from 'zod'
import { createPublicKey } from 'node:crypto'

/**
 * The public keys (RFC 7517) with which a client signs its assertions: Ed25519, P-256, or RSA of 2048 bits and more.
 * Private members are refused, so that nobody hands over a key that should stay at home.
 */
export const PublicKeys = z
  .strictObject({
    keys: z
      .array(
        z
          .record(z.string().max(40), z.unknown())
          .refine((jwk) => !('d' in jwk) && !('k' in jwk), 'Send the public key only.')
          .refine(isUsableKey, 'Send an Ed25519, P-256 or RSA key (2048 bits or more) as a JWK.'),
      )
      .min(1)
      .max(5),
  })
  .describe('A JWK set; the client then authenticates by private_key_jwt and has no secret.')

export type PublicKeys = z.output<typeof PublicKeys>

function isUsableKey(jwk: Record<string, unknown>): boolean {
  try {
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = createPublicKey({ key: jwk as never, format: 'jwk' })
    if (type === 'ec') return details?.namedCurve === 'prime256v1'
    if (type === 'rsa') return (details?.modulusLength ?? 0) >= 2048
    return type === 'ed25519'
  } catch {
    return false
  }
}
