import { createHash, randomBytes } from 'node:crypto'
import { canonicalJson } from './canonical-json.ts'

/** Length in bytes of a leaf's salt, and of every digest here. */
export const SALT_LENGTH = 32

// For ever: another kind of leaf takes another label. See docs/decisions/0030.
const CREDENTIAL_LABEL = Buffer.from('vellum.log.credential.v1\0', 'ascii')

/** A new salt: 32 random bytes, base64url without padding, as it travels in events and proofs. */
export function newSalt(): string {
  return randomBytes(SALT_LENGTH).toString('base64url')
}

/**
 * The log entry of one credential version: 32 bytes that say nothing without the salt.
 * `SHA-256("vellum.log.credential.v1" || 0x00 || salt || SHA-256(JCS(credential)))`, docs/decisions/0030.
 * @param credential the signed credential as JSON value, its proof included; white space and order of members do not
 * matter
 * @param salt 32 bytes, base64url without padding
 * @throws TypeError when the salt is not exactly that, or the credential is not a JSON object
 */
export function credentialLeaf(credential: unknown, salt: string): Uint8Array {
  if (typeof credential !== 'object' || credential === null || Array.isArray(credential)) {
    throw new TypeError('A credential must be a JSON object')
  }
  const digest = createHash('sha256').update(canonicalJson(credential), 'utf8').digest()
  return createHash('sha256').update(CREDENTIAL_LABEL).update(saltBytes(salt)).update(digest).digest()
}

function saltBytes(salt: string): Buffer {
  const bytes = Buffer.from(salt, 'base64url')
  // Comparing the way back refuses every second spelling of the same bytes.
  if (bytes.length !== SALT_LENGTH || bytes.toString('base64url') !== salt) {
    throw new TypeError('A leaf salt must be 32 bytes in base64url without padding')
  }
  return bytes
}
