import { createPrivateKey } from 'node:crypto'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { SignJWT } from 'jose'
import { openEnvelope } from '#platform/crypto/envelope.ts'
import { installation as ownSubject } from '#platform/organization-id.ts'
import { unwrapDataKey } from '#modules/identity/data-key/data-key-wrapping.ts'

export type Claims = Record<string, unknown> & { exp: number; iat: number }

/** What a token says. */
export const claimsOf = (token: string): Claims => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Claims

/**
 * Signs access tokens as an installation on SQLite does, with its own key: as nobody can who has not both its database and its
 * master key. Only so can a test have one that is right but for its time or its audience.
 */
export function tokenSigner(dataDir: string, masterKey: Uint8Array): (claims: Claims) => Promise<string> {
  const database = new Sqlite(join(dataDir, 'identity.sqlite'), { readonly: true })
  try {
    const wrapped = database.prepare('select wrapped_key, version from data_keys where subject = ?').get(ownSubject) as { wrapped_key: Uint8Array; version: number }
    const key = unwrapDataKey(masterKey, { subject: ownSubject, version: wrapped.version, organizationId: ownSubject }, wrapped.wrapped_key)
    const { kid, private_key } = database.prepare('select kid, private_key from signing_keys').get() as { kid: string; private_key: Uint8Array }
    const place = { organizationId: ownSubject, table: 'signing_keys', column: 'private_key', row: kid }
    const privateKey = createPrivateKey({ key: Buffer.from(openEnvelope(key, place, private_key)), format: 'der', type: 'pkcs8' })
    return (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid }).sign(privateKey)
  } finally {
    database.close()
  }
}
