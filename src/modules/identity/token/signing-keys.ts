import { isNull, gt, or } from 'drizzle-orm'
import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { installation } from '#platform/organization-id.ts'
import type { IdentityContext } from '../identity-context.ts'
import type { PublicJwk } from '../tables.ts'

export interface SigningKey {
  readonly kid: string
  readonly privateKey: KeyObject
}

/** The installation's Ed25519 keys for access tokens, kept sealed. */
export interface SigningKeys {
  /** Makes the first key where there is none. The installation's key must exist. */
  prepare(): Promise<void>
  /** The newest that is not retired; opened once and held. */
  current(): Promise<SigningKey>
  /** What verifiers need, retired keys included for as long as a token of theirs may live. */
  published(): Promise<PublicJwk[]>
}

const publishedAfterRetirementMs = 24 * 3_600_000

export function createSigningKeys({ database, keys, now }: Pick<IdentityContext, 'database' | 'keys' | 'now'>): SigningKeys {
  const { signingKeys } = database.tables
  let held: SigningKey | undefined

  const active = async () => {
    const rows = await database.read.select().from(signingKeys).where(isNull(signingKeys.retiredAt))
    return rows.sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime() || (a.kid < b.kid ? -1 : 1))
  }

  return {
    async prepare() {
      if ((await active()).length > 0) return
      await keys.load([installation])
      const pair = generateKeyPairSync('ed25519')
      const jwk = pair.publicKey.export({ format: 'jwk' })
      const kid = jwkThumbprint(jwk)
      const pkcs8 = pair.privateKey.export({ format: 'der', type: 'pkcs8' })
      const row = {
        kid,
        publicKey: { kty: 'OKP', crv: 'Ed25519', x: jwk.x, kid, alg: 'EdDSA', use: 'sig' },
        privateKey: keys.seal(installation, placeOf(kid), pkcs8),
        createdAt: now(),
      }
      await database.transaction(async (tx) => {
        // Two processes that start at once may both make one; both are published then, and the newest signs.
        await tx.insert(signingKeys).values(row)
        await tx.audit({ organizationId: installation, action: 'signing-key.created', target: kid })
      })
    },

    async current() {
      if (held) return held
      const [row] = await active()
      if (!row) throw new Error('There is no signing key: prepare() makes it at the start.')
      await keys.load([installation])
      const pkcs8 = Buffer.from(keys.open(placeOf(row.kid), row.privateKey))
      held = { kid: row.kid, privateKey: createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }) }
      return held
    },

    async published() {
      const since = new Date(now().getTime() - publishedAfterRetirementMs)
      const rows = await database.read
        .select({ publicKey: signingKeys.publicKey })
        .from(signingKeys)
        .where(or(isNull(signingKeys.retiredAt), gt(signingKeys.retiredAt, since)))
      return rows.map(({ publicKey }) => publicKey)
    },
  }
}

const placeOf = (kid: string) => ({
  organizationId: installation,
  table: 'signing_keys',
  column: 'private_key',
  row: kid,
})

/** RFC 7638 with the members of RFC 8037: base64url of SHA-256. */
const jwkThumbprint = ({ crv, kty, x }: { crv?: string; kty?: string; x?: string }): string =>
  createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url')
