import { describe, expect, it } from 'vitest'
import { bundledContextUrls, loadContext } from './contexts.ts'
import { didDocument, didKeyFromPublicKey, verificationMethodId } from './did.ts'
import type { JsonObject, JsonValue } from './json.ts'
import { encodePublicKey, generateEd25519KeyPair, type Ed25519KeyPair } from './multikey.ts'
import { addProof } from './proof.ts'
import { verifyCredential } from './verify-credential.ts'

const now = new Date('2026-06-01T12:00:00Z')
const did = 'did:web:example.org:organizations:acme'
const key = generateEd25519KeyPair()
const entry = ({ publicKey }: Ed25519KeyPair, owner = did) => (
  { id: verificationMethodId(owner, publicKey), publicKeyMultibase: encodePublicKey(publicKey) }
)
const resolveTo = (document: unknown) => async () => document
const acme = didDocument({ did, keys: [entry(key)] })

function unsigned(over: JsonObject = {}): JsonObject {
  return {
    '@context': [
      'https://www.w3.org/ns/credentials/v2', 'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json'],
    id: 'https://example.org/credentials/1',
    type: ['VerifiableCredential', 'OpenBadgeCredential'],
    issuer: { id: did, type: ['Profile'], name: 'Acme' },
    validFrom: '2026-05-01T00:00:00Z',
    name: 'Welding',
    credentialSubject: {
      type: ['AchievementSubject'],
      identifier: [{ type: 'IdentityObject', hashed: false, identityHash: 'Ada', identityType: 'name' }],
      achievement: {
        id: 'https://example.org/achievements/1', type: ['Achievement'], name: 'Welding', description: 'Two plates',
        criteria: { narrative: 'They held' },
      },
    },
    ...over,
  }
}

const sign = (document: JsonObject, by = key, owner = did) => addProof(document, {
  privateKey: by.privateKey, verificationMethod: verificationMethodId(owner, by.publicKey), created: now })

async function codes(document: unknown, resolveDid: (did: string) => Promise<unknown> = resolveTo(acme), at = now) {
  const { verified, errors } = await verifyCredential(document, { resolveDid, now: at })
  expect(verified).toBe(errors.length === 0)
  return errors.map((error) => error.code)
}

describe('a signed credential', () => {
  it('verifies with the document of its issuer', async () => {
    expect(await codes(await sign(unsigned()))).toEqual([])
  })

  it('verifies after its way through JSON, and with its keys in another order', async () => {
    const signed = await sign(unsigned())
    const turned = Object.fromEntries(Object.entries(JSON.parse(JSON.stringify(signed))).reverse())
    expect(await codes(turned)).toEqual([])
  })

  it('of a did:key verifies without asking anyone', async () => {
    const own = didKeyFromPublicKey(key.publicKey)
    const signed = await sign(unsigned({ issuer: own }), key, own)
    expect(await codes(signed, async () => { throw new Error('asked') })).toEqual([])
  })

  it('no longer verifies when any of its texts, or any part of its proof, is changed or taken out', async () => {
    const signed = await sign(unsigned())
    const changed = [...variations(signed as JsonValue)] as JsonObject[]
    expect(changed.length).toBeGreaterThan(50)
    for (const document of changed) {
      const { verified } = await verifyCredential(document, { resolveDid: resolveTo(acme), now })
      expect(verified, JSON.stringify(document)).toBe(false)
    }
  })

  it('does not verify with half a character in the place of the sign that stands for broken text', async () => {
    const signed = await sign(unsigned({ name: 'broken \ufffd' }))
    expect(await codes(signed)).toEqual([])
    expect(await codes({ ...signed, name: 'broken \ud800' })).toEqual(['invalid_document'])
  })

  it('does not verify with something added that no context defines', async () => {
    expect(await codes({ ...await sign(unsigned()), remark: 'with honours' })).toEqual(['invalid_document'])
  })
})

describe('the key of a proof', () => {
  const other = generateEd25519KeyPair()

  it('must be in the document of the issuer', async () => {
    expect(await codes(await sign(unsigned(), other))).toEqual(['unknown_key'])
  })

  it('must be allowed to make assertions', async () => {
    const listed = didDocument({ did, keys: [entry(key), entry(other)] })
    const signed = await sign(unsigned(), other)
    expect(await codes(signed, resolveTo(listed))).toEqual([])
    const withdrawn = { ...listed, assertionMethod: [entry(key).id] }
    expect(await codes(signed, resolveTo(withdrawn))).toEqual(['key_not_authorized'])
  })

  it('must be one of the issuer, not of somebody else whose signature is good', async () => {
    const stranger = didKeyFromPublicKey(other.publicKey)
    expect(await codes(await sign(unsigned(), other, stranger))).toEqual(['not_signed_by_issuer'])
  })

  it('cannot be borrowed: a stranger who lists it under the id of the issuer is not the issuer', async () => {
    const signed = await sign(unsigned(), other)
    const forged = didDocument({ did: 'did:web:evil.example', keys: [entry(other)] })
    expect(await codes(signed, resolveTo(forged))).toEqual(['unknown_key'])
  })

  it('cannot be claimed for another controller than the document that lists it', async () => {
    const method = { ...entry(other), type: 'Multikey', controller: 'did:web:evil.example' }
    const document = { ...acme, verificationMethod: [method], assertionMethod: [method.id] }
    expect(await codes(await sign(unsigned(), other), resolveTo(document))).toEqual(['unknown_key'])
  })

  it('stays good when it is retired, as long as the document lists it', async () => {
    const rotated = didDocument({ did, keys: [entry(key), entry(other)] })
    expect(await codes(await sign(unsigned()), resolveTo(rotated))).toEqual([])
    const forgotten = didDocument({ did, keys: [entry(other)] })
    expect(await codes(await sign(unsigned()), resolveTo(forgotten))).toEqual(['unknown_key'])
  })

  it('is no longer good once it is revoked', async () => {
    const [method] = acme.verificationMethod
    const revoked = { ...acme, verificationMethod: [{ ...method, revoked: '2026-05-31T00:00:00Z' }] }
    expect(await codes(await sign(unsigned()), resolveTo(revoked))).toEqual(['key_revoked'])
  })

  it('may have an https address of its own, if its controller lists it', async () => {
    const address = 'https://example.org/keys/1'
    const documents: Record<string, JsonValue> = {
      [address]: { id: address, type: 'Multikey', controller: did, publicKeyMultibase: encodePublicKey(key.publicKey) },
      [did]: { id: did, assertionMethod: [address] },
    }
    const signed = await addProof(unsigned(), { privateKey: key.privateKey, verificationMethod: address, created: now })
    expect(await codes(signed, async (id) => documents[id])).toEqual([])
    documents[did] = { id: did, assertionMethod: [] }
    expect(await codes(signed, async (id) => documents[id])).toEqual(['key_not_authorized'])
  })

  it('that cannot be fetched makes the answer unknown, and one that is not there makes it no', async () => {
    const signed = await sign(unsigned())
    expect(await codes(signed, async () => { throw new Error('refused') })).toEqual(['issuer_unreachable'])
    expect(await codes(signed, resolveTo(undefined))).toEqual(['unknown_key'])
  })
})

describe('the period of validity', () => {
  it('bounds the credential, with five minutes for clocks that differ', async () => {
    const signed = await sign(unsigned({ validFrom: '2026-06-01T12:00:00Z', validUntil: '2026-06-02T12:00:00Z' }))
    const at = (instant: string) => codes(signed, undefined, new Date(instant))
    expect(await at('2026-06-01T11:54:59Z')).toEqual(['not_yet_valid'])
    expect(await at('2026-06-01T11:55:00Z')).toEqual([])
    expect(await at('2026-06-02T12:05:00Z')).toEqual([])
    expect(await at('2026-06-02T12:05:01Z')).toEqual(['expired'])
  })

  it('must be written with a time zone', async () => {
    expect(await codes(await sign(unsigned({ validFrom: '2026-05-01T00:00:00' })))).toEqual(['malformed_date'])
  })
})

describe('a document that is no credential', () => {
  it('is refused with the reason, whatever it is', async () => {
    for (const document of [null, 'text', [], {}, unsigned({ type: ['OpenBadgeCredential'] }),
      unsigned({ issuer: null }), unsigned({ issuer: 'Acme' }),
      unsigned({ '@context': ['https://www.w3.org/ns/did/v1'] })]) {
      expect(await codes(document), JSON.stringify(document)).toEqual(['not_a_credential'])
    }
    expect(await codes(unsigned())).toEqual(['no_proof'])
    expect(await codes(unsigned({ proof: [] }))).toEqual(['no_proof'])
  })

  it('is refused for a proof of another kind, for another purpose, expired, or too many', async () => {
    const { proof: [proof], ...rest } = await sign(unsigned())
    const withProof = (over: JsonObject) => codes({ ...rest, proof: { ...proof!, ...over } })
    expect(await withProof({ cryptosuite: 'none' })).toEqual(['unsupported_cryptosuite'])
    expect(await withProof({ proofPurpose: 'authentication' })).toEqual(['wrong_proof_purpose'])
    expect(await withProof({ expires: '2026-05-31T00:00:00Z' })).toEqual(['proof_expired'])
    expect(await withProof({ proofValue: 'z' + '1'.repeat(100_000) })).toEqual(['malformed_proof'])
    expect(await codes({ ...rest, proof: Array.from({ length: 17 }, () => proof) })).toEqual(['too_many_proofs'])
  })

  it('is refused when it is made to take long, before anything is done', async () => {
    const { proof: [proof], ...rest } = await sign(unsigned())
    const many = { ...rest, credentialSubject: Array.from({ length: 1_000 }, () => ({ type: ['AchievementSubject'] })) }
    const begun = performance.now()
    expect(await codes({ ...many, proof: Array.from({ length: 16 }, () => proof) })).toEqual(['too_many_parts'])
    expect(performance.now() - begun).toBeLessThan(100)
  })

  it('is refused for one bad proof beside a good one', async () => {
    const { proof: [proof], ...rest } = await sign(unsigned())
    expect(await codes({ ...rest, proof: [proof!, { ...proof!, created: '2026-06-01T12:00:01Z' }] }))
      .toEqual(['invalid_signature'])
  })
})

describe('contexts', () => {
  it('are never fetched: an unknown one is an answer, not a request', async () => {
    const original = globalThis.fetch
    const asked: unknown[] = []
    globalThis.fetch = async (input) => { asked.push(input); return Response.error() }
    try {
      const signed = await sign(unsigned())
      const foreign = { ...signed, '@context': [...signed['@context'] as string[], 'https://example.org/context'] }
      expect(await codes(foreign)).toEqual(['unknown_context'])
      expect(asked).toEqual([])
    } finally {
      globalThis.fetch = original
    }
  })

  it('that are bundled hold no reference to one that is not', async () => {
    for (const url of bundledContextUrls()) {
      const { document } = await loadContext(url)
      for (const [, reference] of JSON.stringify(document).matchAll(/"@(?:context|import)":\s*"([^"]+)"/g)) {
        await expect(loadContext(reference!), `${url} → ${reference}`).resolves.toBeDefined()
      }
    }
  })
})

/** Every document that differs in one place: a text changed, a number or boolean turned, a member taken out. */
function* variations(value: JsonValue): Generator<JsonValue> {
  if (typeof value === 'string') yield value.replace(/.$/u, (last) => last === 'x' ? 'y' : 'x')
  else if (typeof value === 'boolean') yield !value
  else if (typeof value === 'number') yield value + 1
  else if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) {
      yield value.toSpliced(at, 1)
      for (const other of variations(item)) yield value.with(at, other)
    }
  } else if (value !== null) {
    for (const [key, item] of Object.entries(value)) {
      const { [key]: _, ...rest } = value
      yield rest
      for (const other of variations(item)) yield { ...rest, [key]: other }
    }
  }
}
