import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { didDocument, didKeyFromPublicKey, didWebFor, didWebUrl, resolveDidKey } from './did.ts'
import { decodePublicKey, encodePublicKey, generateEd25519KeyPair } from './multikey.ts'

const pairs = Object.values(JSON.parse(
  readFileSync('test/vectors/w3c-vc-di-eddsa/proof-set-chain/multiKeyPairs.json', 'utf8'),
)) as { publicKeyMultibase: string, privateKeyMultibase: string }[]

describe('Multikey', () => {
  it('reads and writes the keys of the W3C vectors', () => {
    for (const { publicKeyMultibase } of pairs) {
      expect(encodePublicKey(decodePublicKey(publicKeyMultibase)!)).toBe(publicKeyMultibase)
    }
  })

  it('reads no other text: another kind of key, another base, too short, too long, or a secret as a public key', () => {
    const [{ publicKeyMultibase, privateKeyMultibase }] = pairs as [typeof pairs[0] & object]
    for (const text of ['', 'z', 'z0', publicKeyMultibase.slice(1), `u${publicKeyMultibase.slice(1)}`,
      `${publicKeyMultibase}1`, publicKeyMultibase.slice(0, -1),
      privateKeyMultibase, 'zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169',
      'z'.repeat(1_000_000)]) {
      expect(decodePublicKey(text), text.slice(0, 60)).toBeUndefined()
    }
    expect(() => encodePublicKey(generateKeyPairSync('x25519').publicKey)).toThrow(TypeError)
  })
})

describe('did:key', () => {
  it('is its own document', () => {
    const { publicKey } = generateEd25519KeyPair()
    const did = didKeyFromPublicKey(publicKey)
    expect(did).toMatch(/^did:key:z6Mk/)
    const id = `${did}#${encodePublicKey(publicKey)}`
    expect(resolveDidKey(did)).toEqual({
      '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
      id: did,
      verificationMethod: [{ id, type: 'Multikey', controller: did, publicKeyMultibase: encodePublicKey(publicKey) }],
      assertionMethod: [id],
      authentication: [id],
    })
    expect(resolveDidKey('did:key:z6MkNothing')).toBeUndefined()
  })
})

describe('did:web', () => {
  it('names a path below an https address, and leads back to where the document is', () => {
    const did = didWebFor('https://example.org:8443', 'organizations/acme')
    expect(did).toBe('did:web:example.org%3A8443:organizations:acme')
    expect(didWebUrl(did)).toBe('https://example.org:8443/organizations/acme/did.json')
    expect(didWebFor('https://example.org/base/', '/organizations/acme'))
      .toBe('did:web:example.org:base:organizations:acme')
    expect(didWebUrl('did:web:example.org')).toBe('https://example.org/.well-known/did.json')
  })

  it('does not exist without TLS', () => {
    expect(() => didWebFor('http://localhost:3000', 'organizations/acme')).toThrow(TypeError)
  })

  it('leads nowhere else: no other scheme, no user, no query, no way up', () => {
    for (const did of ['did:key:z6Mk', 'did:web:', 'did:web:example.org/path', 'did:web:user@example.org',
      'did:web:example.org?x', 'did:web:example.org#key', 'did:web:example.org:..:globex', 'did:web:example.org:a%2Fb',
      'did:web:example.org:a%2F..', 'did:web:example.org::a']) {
      expect(didWebUrl(did), did).toBeUndefined()
    }
  })
})

describe('a DID document', () => {
  it('lists every key under both headings, the retired too', () => {
    const keys = ['a', 'b'].map((name) => ({ id: `did:web:example.org#${name}`, publicKeyMultibase: name }))
    const document = didDocument({ did: 'did:web:example.org', keys })
    expect(document.verificationMethod.map(({ id }) => id)).toEqual(document.assertionMethod)
    expect(document.assertionMethod).toEqual(keys.map(({ id }) => id))
    expect(JSON.stringify(document)).not.toContain('revoked')
  })
})
