import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { decodeBase58Multibase, encodeBase58Multibase } from './multibase.ts'

// Multicodec prefix: Controlled Identifiers 1.0, section 2.2.2.
const ED25519_PUBLIC = Uint8Array.of(0xed, 0x01)

// What DER puts in front of 32 raw bytes: RFC 8410.
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')

export type Ed25519KeyPair = { privateKey: KeyObject, publicKey: KeyObject }

export function generateEd25519KeyPair(): Ed25519KeyPair {
  return generateKeyPairSync('ed25519')
}

/**
 * `z6Mk…`: the public key as Multikey writes it (Controlled Identifiers 1.0, section 2.2.2).
 *
 * @throws TypeError for a key of another kind.
 */
export function encodePublicKey(publicKey: KeyObject): string {
  if (publicKey.asymmetricKeyType !== 'ed25519') {
    throw new TypeError(`An Ed25519 key is needed, not ${publicKey.asymmetricKeyType}.`)
  }
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length)
  return encodeBase58Multibase(Buffer.concat([ED25519_PUBLIC, raw]))
}

/** Reading a key takes as long as half a signature, and few keys sign nearly everything. */
const MOST_REMEMBERED = 1_000
const remembered = new Map<string, KeyObject>()

/** The Ed25519 public key in a `z6Mk…` text, or undefined where the text is something else. */
export function decodePublicKey(multibase: string): KeyObject | undefined {
  const known = remembered.get(multibase)
  if (known !== undefined) return known
  const raw = rawKey(multibase)
  if (raw === undefined) return undefined
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' })
  if (remembered.size >= MOST_REMEMBERED) remembered.delete(remembered.keys().next().value!)
  remembered.set(multibase, key)
  return key
}

function rawKey(multibase: string): Uint8Array | undefined {
  const bytes = decodeBase58Multibase(multibase)
  if (bytes?.length !== ED25519_PUBLIC.length + 32) return undefined
  return ED25519_PUBLIC.every((byte, at) => bytes[at] === byte) ? bytes.subarray(ED25519_PUBLIC.length) : undefined
}
