import type { KeyObject } from 'node:crypto'
import { DID_V1, MULTIKEY_V1 } from './contexts.ts'
import { decodePublicKey, encodePublicKey } from './multikey.ts'

/** A key as a DID document lists it: Multikey, Controlled Identifiers 1.0 section 2.2.2. */
export type VerificationMethod = { id: string, type: 'Multikey', controller: string, publicKeyMultibase: string }

/** A DID document with nothing but keys to sign credentials with. */
export type DidDocument = {
  '@context': string[]
  id: string
  verificationMethod: VerificationMethod[]
  assertionMethod: string[]
}

/** `did:key:z6Mk…`: the identifier that is its own key (did:key method, Ed25519). */
export function didKeyFromPublicKey(publicKey: KeyObject): string {
  return `did:key:${encodePublicKey(publicKey)}`
}

/** The address of the only key of a did:key. */
export function didKeyVerificationMethod(did: string): string {
  return `${did}#${did.slice('did:key:'.length)}`
}

/** The DID document that a did:key stands for, or undefined where it holds no Ed25519 key. Nothing is fetched. */
export function resolveDidKey(did: string): (DidDocument & { authentication: string[] }) | undefined {
  const multibase = did.startsWith('did:key:') ? did.slice('did:key:'.length) : ''
  if (decodePublicKey(multibase) === undefined) return undefined
  const id = didKeyVerificationMethod(did)
  // The one key is for everything that it can do.
  return { ...didDocument({ did, keys: [{ id, publicKeyMultibase: multibase }] }), authentication: [id] }
}

/**
 * The did:web of a path below the installation's address: `https://example.org:8443`, `organizations/acme` gives
 * `did:web:example.org%3A8443:organizations:acme`.
 *
 * @throws TypeError where the address is not https: did:web has no other transport.
 */
export function didWebFor(publicUrl: string, path: string): string {
  const url = new URL(publicUrl)
  if (url.protocol !== 'https:') throw new TypeError(`did:web needs an https address, not ${url.protocol}//`)
  const segments = `${url.pathname}/${path}`.split('/').filter((segment) => segment !== '')
  return ['did:web', url.host, ...segments].map((part, at) => at === 0 ? part : part.replaceAll(':', '%3A')).join(':')
}

/**
 * Where the document of a did:web is published (did:web method, section 3.2): `…/did.json`, or `/.well-known/did.json`
 * where the identifier has no path. Undefined where the text is no did:web.
 */
export function didWebUrl(did: string): string | undefined {
  const match = /^did:web:((?:[A-Za-z0-9.-]|%3A)+)((?::(?:[A-Za-z0-9._-]|%[0-9A-F]{2})+)*)$/i.exec(did)
  if (match === null) return undefined
  const [, host = '', path = ''] = match
  // A segment such as `..`, or one with a slash inside, could lead to another organization's document.
  if (/(?:^|:)\.{1,2}(?:$|:)|%2[ef]|%5c/i.test(path)) return undefined
  const address = `https://${host.replace(/%3A/i, ':')}${path.replaceAll(':', '/') || '/.well-known'}/did.json`
  return URL.canParse(address) ? new URL(address).href : undefined
}

/**
 * The DID document of an issuer. Retired keys stay in it, under `assertionMethod` too and without `revoked`, for ever:
 * otherwise what they signed would stop verifying.
 *
 * @param keys active and retired, newest last; each with its whole id, `{did}#{name}`.
 */
export function didDocument(
  { did, keys }: { did: string, keys: readonly { id: string, publicKeyMultibase: string }[] },
): DidDocument {
  return {
    '@context': [DID_V1, MULTIKEY_V1],
    id: did,
    verificationMethod: keys.map(({ id, publicKeyMultibase }) => (
      { id, type: 'Multikey', controller: did, publicKeyMultibase }
    )),
    assertionMethod: keys.map(({ id }) => id),
  }
}

/** `{did}#{multibase}`: a key's id for ever, the same in did:key and did:web. */
export function verificationMethodId(did: string, publicKey: KeyObject): string {
  return `${did}#${encodePublicKey(publicKey)}`
}
