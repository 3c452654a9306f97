import { createPrivateKey } from 'node:crypto'
import { createSigner, type Signer } from '../signing/signer.ts'
import { buildOpenBadge, type OpenBadgeInput } from './open-badge.ts'

/** An Ed25519 key as it crosses to a worker. */
export type SigningKey = {
  /** The whole id of the key. */
  verificationMethod: string
  /** DER. */
  pkcs8: Uint8Array
}

export type DocumentInput = {
  /** The credential; its `validFrom` is the time of signing. */
  badge: OpenBadgeInput
  key: SigningKey
}

/** As long as the main thread keeps them. Milliseconds. */
const KEPT_MS = 60_000
const KEPT_AT_MOST = 500
const signers = new Map<string, { signer: Signer; until: number }>()

/** Reading a key costs as much as signing. */
function signerOf({ verificationMethod, pkcs8 }: SigningKey): Signer {
  const now = Date.now()
  const kept = signers.get(verificationMethod)
  if (kept && kept.until > now) return kept.signer
  const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
  const signer = createSigner({ privateKey, verificationMethod })
  signers.delete(verificationMethod)
  signers.set(verificationMethod, { signer, until: now + KEPT_MS })
  for (const [oldest, { until }] of signers) {
    if (until > now && signers.size <= KEPT_AT_MOST) break
    signers.delete(oldest)
  }
  return signer
}

/** The signed credential as JSON, byte for byte as it is stored and served. Throws what `sign` throws. */
export const signedDocument = async ({ badge, key }: DocumentInput): Promise<string> =>
  JSON.stringify(await signerOf(key).sign(buildOpenBadge(badge), badge.validFrom))
