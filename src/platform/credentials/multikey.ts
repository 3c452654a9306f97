import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { decodeBase58Multibase, encodeBase58Multibase } from './multibase.ts'

// Multicodec prefixes: Controlled Identifiers 1.0, section 2.2.2.
const ED25519_PUBLIC = Uint8Array.of(0xed, 0x01)
const ED25519_SECRET = Uint8Array.of(0x80, 0x26)

// What DER puts in front of 32 raw bytes: RFC 8410.
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

export type Ed25519KeyPair = { privateKey: KeyObject, publicKey: KeyObject }

export function generateEd25519KeyPair(): Ed25519KeyPair {
  return generateKeyPairSync('ed25519')
}

/** `z6Mk…`: the public key as Multikey writes it (Controlled Identifiers 1.0, section 2.2.2). */
export function encodePublicKey(publicKey: KeyObject): string {
  requireEd25519(publicKey)
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length)
  return encodeBase58Multibase(Buffer.concat([ED25519_PUBLIC, raw]))
}

/** The Ed25519 public key in a `z6Mk…` text, or undefined where the text is something else. */
export function decodePublicKey(multibase: string): KeyObject | undefined {
  const raw = unwrap(multibase, ED25519_PUBLIC)
  if (raw === undefined) return undefined
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' })
}

/** `z3u2…`: the secret seed. To be sealed wherever it is stored. */
export function encodePrivateKey(privateKey: KeyObject): string {
  requireEd25519(privateKey)
  const raw = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(PKCS8_PREFIX.length)
  return encodeBase58Multibase(Buffer.concat([ED25519_SECRET, raw]))
}

/** The key pair in a `z3u2…` text, or undefined where the text is something else. */
export function decodePrivateKey(multibase: string): Ed25519KeyPair | undefined {
  const raw = unwrap(multibase, ED25519_SECRET)
  if (raw === undefined) return undefined
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, raw]), format: 'der', type: 'pkcs8' })
  return { privateKey, publicKey: createPublicKey(privateKey) }
}

function unwrap(multibase: string, prefix: Uint8Array): Uint8Array | undefined {
  const bytes = decodeBase58Multibase(multibase)
  if (bytes?.length !== prefix.length + 32 || bytes[0] !== prefix[0] || bytes[1] !== prefix[1]) return undefined
  return bytes.subarray(prefix.length)
}

function requireEd25519(key: KeyObject): void {
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError(`An Ed25519 key is needed, not ${key.asymmetricKeyType}.`)
}
