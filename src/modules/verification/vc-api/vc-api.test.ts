import { createHash, sign as signBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CREDENTIALS_V2 } from '#platform/credentials/contexts.ts'
import { didDocument, didKeyFromPublicKey, didKeyVerificationMethod, verificationMethodId } from '#platform/credentials/did.ts'
import type { JsonObject } from '#platform/credentials/json.ts'
import { encodePublicKey, generateEd25519KeyPair } from '#platform/credentials/multikey.ts'
import { canonicalize } from '#platform/credentials/canonicalize.ts'
import { encodeBase58Multibase } from '#platform/credentials/multibase.ts'
import { hashData, proofConfiguration } from '#platform/credentials/proof.ts'
import { issuedData, issuerDid, issuerKey, startVerification, type Verification } from '../../../../test/verification/verification-alone.ts'
import { relatedResourceProblems } from './related-resources.ts'

let verification: Verification
beforeAll(async () => {
  verification = await startVerification({ environment: { VC_API: 'acme, globex' } })
})
afterAll(() => verification.stop())

const ask = async (what: string, body: unknown) => {
  const response = await verification.post(`/vc-api/acme/${what}`, body)
  const answer = await response.json() as JsonObject & { errors: { code: string; message: string }[] }
  return { status: response.status, answer, codes: response.status < 300 ? [] : answer.errors?.map(({ code }) => code) }
}
const issue = (credential: unknown, options?: unknown) => ask('credentials/issue', { credential, ...(options !== undefined && { options }) })
const verify = (verifiableCredential: unknown, options: unknown = { checks: ['proof'] }) => ask('credentials/verify', { verifiableCredential, options })
const present = (verifiablePresentation: unknown, options: unknown = { checks: [] }) => ask('presentations/verify', { verifiablePresentation, options })

const least: JsonObject = { '@context': [CREDENTIALS_V2], type: ['VerifiableCredential'], issuer: 'did:example:issuer', credentialSubject: { id: 'did:example:subject' } }

/** One more proof, with whatever the proof is told to hold. */
async function prove(document: JsonObject, over: JsonObject = {}, key = issuerKey): Promise<JsonObject> {
  const options = {
    type: 'DataIntegrityProof', cryptosuite: 'eddsa-rdfc-2022', created: '2026-06-01T12:00:00Z',
    verificationMethod: didKeyVerificationMethod(didKeyFromPublicKey(key.publicKey)), proofPurpose: 'assertionMethod', ...over,
  }
  const data = hashData(await canonicalize(proofConfiguration(document, options)), await canonicalize(document))
  return { ...options, proofValue: encodeBase58Multibase(signBytes(null, data, key.privateKey)) }
}

describe('credentials/issue', () => {
  test('signs whatever conforms, as the organization, and what it signed verifies', async () => {
    for (const more of [{}, { issuer: { id: 'did:example:other', name: 'X' } }, { credentialSubject: [{ id: 'did:example:a' }, { type: 'https://example.org/#T' }] },
      { '@context': [CREDENTIALS_V2, { T: 'https://example.org/#T' }], type: ['T', 'VerifiableCredential'] }, { validFrom: '2999-01-01T00:00:00Z' }]) {
      const { status, answer } = await issue({ ...least, ...more }, { unknown: 'to us' })
      expect([status, (answer['proof'] as JsonObject[])[0]!['cryptosuite'], answer['issuer']]).toEqual([201, 'eddsa-rdfc-2022', issuerDid])
      const isYoung = 'validFrom' in more
      expect(await verify(answer)).toMatchObject(isYoung ? { status: 422, codes: ['not_yet_valid'] } : { status: 200, answer: { verified: true, errors: [] } })
    }
  })

  test('signs nothing else', async () => {
    for (const [change, code] of [
      [{ issuer: null }, 'not_a_credential'], [{ issuer: 'not-a-url' }, 'not_a_credential'], [{ type: ['VerifiableCredential', 'Unmapped'] }, 'invalid_document'],
      [{ undefinedTerm: 1 }, 'invalid_document'], [{ credentialSubject: { id: 'did:example:s', undefinedTerm: 'x' } }, 'invalid_document'],
      [{ '@context': [CREDENTIALS_V2, { VerifiableCredential: 'https://example.org/#V' }] }, 'invalid_document'],
      [{ '@context': [CREDENTIALS_V2, { '@protected': true, T: 'https://example.org/#T' }, { T: 'https://example.org/#U' }] }, 'invalid_document'],
      [{ '@context': [CREDENTIALS_V2, { T: 'https ://not-a-url#T' }], type: ['VerifiableCredential', 'T'] }, 'invalid_document'],
      [{ '@context': [CREDENTIALS_V2, 'https://example.com/context'] }, 'unknown_context'],
      [{ name: { '@value': 'X', '@language': 'en', url: 'did:example:x' } }, 'not_a_credential'],
      [{ evidence: { id: 'did:example:e' } }, 'not_a_credential'], [{ proof: {} }, 'not_a_credential'],
      [{ relatedResource: { id: 'https://127.0.0.1/x', digestSRI: `sha256-${'A'.repeat(43)}=` } }, 'wrong_digest'],
    ] as const) {
      expect([change, (await issue({ ...least, ...change })).status, (await issue({ ...least, ...change })).codes]).toEqual([change, 422, expect.arrayContaining([code])])
    }
    expect((await ask('credentials/issue', { credential: 'text' })).status).toBe(422)
    expect((await ask('credentials/issue', { credential: least, more: 1 })).status).toBe(422)
  })
})

describe('credentials/verify', () => {
  test('finds the W3C vectors good, sets and chains too, and damaged ones bad', async () => {
    const vector = (name: string) => JSON.parse(readFileSync(`test/vectors/w3c-vc-di-eddsa/${name}`, 'utf8')) as JsonObject
    for (const name of ['eddsa-rdfc-2022/signedDataInt.json', 'eddsa-jcs-2022/signedJCS.json', 'proof-set-chain/signedProofSet2.json', 'proof-set-chain/signedProofChain2.json']) {
      const good = vector(name)
      // They name an issuer that is not the signer: told, and nothing else is.
      expect([name, (await verify(good)).codes]).toEqual([name, ['not_signed_by_issuer']])
      expect((await verify({ ...good, name: 'Another' })).codes).toContain('invalid_signature')
    }
    const { answer } = await issue(least)
    const first = { ...(answer['proof'] as JsonObject[])[0]!, id: 'urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544' }
    const { proof: _, ...unsecured } = answer
    const one = await prove(unsecured, { id: 'urn:uuid:8cc9022b-6b14-4cf3-8571-74972c5feb54' })
    const two = await prove({ ...unsecured, proof: [one] }, { previousProof: one['id']! })
    expect(await verify({ ...unsecured, proof: [one, two] })).toMatchObject({ status: 200 })
    expect((await verify({ ...unsecured, proof: [two] })).codes).toEqual(['previous_proof_missing'])
    expect((await verify({ ...unsecured, proof: [one, { ...two, previousProof: [first['id']!] }] })).codes).toEqual(['previous_proof_missing'])
  })

  test('refuses every damage to the proof', async () => {
    const { answer } = await issue(least)
    const { proof: [proof = {}], ...unsecured } = answer as unknown as JsonObject & { proof: JsonObject[] }
    const value = String(proof['proofValue'])
    for (const over of [{ type: 'Other' }, { cryptosuite: 'eddsa-2022' }, { cryptosuite: 'eddsa-jcs-2022' }, { verificationMethod: 7 }, { verificationMethod: 'did:key:x' },
      { proofPurpose: 'authentication' }, { proofPurpose: null }, { proofValue: null }, { proofValue: value.slice(1) }, { proofValue: `${value}1111` }, { created: '2026-06-01' },
      { created: '2026-06-01T12:00:00Z' }, { expires: '2020-01-01T00:00:00Z' }]) {
      expect([over, (await verify({ ...unsecured, proof: { ...proof, ...over } })).status]).toEqual([over, 422])
    }
    for (const name of ['type', 'verificationMethod', 'proofPurpose', 'proofValue', 'cryptosuite']) {
      const { [name]: _, ...rest } = proof
      expect([name, (await verify({ ...unsecured, proof: rest })).status]).toEqual([name, 422])
    }
    expect((await verify({ ...unsecured, proof: null })).status).toBe(422)
    expect((await verify(unsecured)).codes).toEqual(['no_proof'])
    expect((await verify({ type: ['NonconformingDocument'] })).status).toBe(422)
    expect(await verify({ ...unsecured, proof })).toMatchObject({ status: 200 })
    expect((await verify(answer, { expectedProofPurpose: 'authentication' })).codes).toEqual(['wrong_proof_purpose'])
    expect((await verify(answer, { challenge: 'x' })).codes).toEqual(['wrong_challenge'])
    expect((await verify(answer, { domain: 'x.example' })).codes).toEqual(['wrong_domain'])
  })

  test('takes a badge of ours, and holds a status that cannot be told against it only where the status is asked for', async () => {
    const badge = JSON.parse((await issuedData()).document) as JsonObject
    expect(await verify(badge)).toMatchObject({ status: 200 })
    expect((await verify(badge, { checks: ['proof', 'credentialStatus'] })).codes).toEqual(['unknown_status'])
  })
})

describe('presentations/verify', () => {
  const holder = generateEd25519KeyPair()
  const holderDid = didKeyFromPublicKey(holder.publicKey)
  const unsigned: JsonObject = { '@context': [CREDENTIALS_V2], type: ['VerifiablePresentation'] }
  const signed = async (over: JsonObject, proof: JsonObject = {}, key = holder): Promise<JsonObject> => {
    const document = { ...unsigned, ...over }
    return { ...document, proof: await prove(document, { proofPurpose: 'authentication', ...proof }, key) }
  }
  const credential = async () => (await issue(least)).answer as JsonObject

  test('accepts what is unsigned, as long as its credentials are not', async () => {
    expect(await present(unsigned)).toMatchObject({ status: 200 })
    expect(await present({ ...unsigned, holder: holderDid, verifiableCredential: [await credential(), await credential()] })).toMatchObject({ status: 200 })
    expect((await present({ ...unsigned, verifiableCredential: [least] })).codes).toEqual(['no_proof'])
    expect((await present({ ...unsigned, verifiableCredential: [{ ...(await credential()), name: 'forged' }] })).codes).toEqual(['invalid_signature'])
    expect((await present({ ...unsigned, undefinedTerm: 1 })).codes).toEqual(['invalid_document'])
    expect((await present({ type: ['NonconformingDocument'] })).status).toBe(422)
    // Nobody answered the challenge.
    expect((await present(unsigned, { challenge: 'x' })).codes).toEqual(['no_proof'])
  })

  test('accepts what its holder signed, for this challenge and domain', async () => {
    const document = await signed({ holder: holderDid, verifiableCredential: [await credential()] }, { challenge: 'c-1', domain: 'verifier.example' })
    expect(await present(document)).toMatchObject({ status: 200 })
    expect(await present(document, { challenge: 'c-1', domain: 'verifier.example' })).toMatchObject({ status: 200 })
    expect((await present(document, { challenge: 'c-2' })).codes).toEqual(['wrong_challenge'])
    expect((await present(document, { domain: 'other.example' })).codes).toEqual(['wrong_domain'])
    expect((await present(document, { challenge: 7 })).status).toBe(422)
    expect((await present({ ...document, id: 'urn:x:1' })).codes).toEqual(['invalid_signature'])
    expect((await present({ ...document, proof: { ...(document['proof'] as JsonObject), challenge: 'c-2' } }, { challenge: 'c-2' })).codes).toEqual(['invalid_signature'])
    expect((await present({ ...document, proof: {} })).status).toBe(422)
    expect((await present(await signed({ holder: issuerDid }))).codes).toEqual(['not_signed_by_holder'])
  })

  test('refuses a key that its owner’s document lists for credentials alone', async () => {
    const did = 'did:web:vellum.example:organizations:globex'
    const id = verificationMethodId(did, holder.publicKey)
    const document = didDocument({ did, keys: [{ id, publicKeyMultibase: encodePublicKey(holder.publicKey) }] })
    verification.fake.didDocuments.set('globex', JSON.stringify(document))
    const of = (proofPurpose: string) => signed({ holder: did }, { verificationMethod: id, proofPurpose })
    expect(await present(await of('assertionMethod'))).toMatchObject({ status: 200 })
    expect((await present(await of('authentication'))).codes).toEqual(['key_not_authorized'])
  })

  test('takes the holder’s own word only as the holder’s', async () => {
    const own = { ...least, issuer: holderDid }
    expect(await present(await signed({ holder: holderDid, verifiableCredential: [own] }))).toMatchObject({ status: 200 })
    expect((await present(await signed({ verifiableCredential: [own] }))).codes).toEqual(['not_signed_by_holder'])
    expect((await present(await signed({ holder: holderDid, verifiableCredential: [{ ...own, issuer: 'did:example:acme' }] }))).codes).toEqual(['no_proof'])
    const secured = { ...own, proof: [await prove(own, {}, holder)] }
    expect(await present(await signed({ holder: holderDid, verifiableCredential: [secured] }))).toMatchObject({ status: 200 })
    expect((await present(await signed({ verifiableCredential: [secured] }))).codes).toEqual(['not_signed_by_holder'])
  })
})

describe('the door', () => {
  test('is shut for every other organization, and is not there without the setting', async () => {
    expect((await verification.post('/vc-api/initech/credentials/issue', { credential: least })).status).toBe(404)
    await verification.restart(undefined, { CHECKPOINT_INTERVAL_MS: '20' })
    for (const path of ['credentials/issue', 'credentials/verify', 'presentations/verify']) expect((await verification.post(`/vc-api/acme/${path}`, {})).status).toBe(404)
    await verification.restart(undefined, { VC_API: 'acme' })
  })
})

describe('related resources', () => {
  const content = new TextEncoder().encode('{"a":1}')
  const fetch = Object.assign(async (url: string) => ({ status: url.endsWith('gone') ? 404 : 200, headers: {}, body: content }), { close: async () => {} })
  const sha = (algorithm: string) => createHash(algorithm).update(content).digest()
  const codes = async (resource: JsonObject) => (await relatedResourceProblems({ relatedResource: { id: 'https://example.org/a', ...resource } }, fetch)).map(({ code }) => code)
  const multihash = (code: number, digest: Buffer) => `u${Buffer.concat([Uint8Array.of(code, digest.length), digest]).toString('base64url')}`

  test('have the digests that are told, in every form', async () => {
    for (const algorithm of ['sha256', 'sha384', 'sha512']) expect(await codes({ digestSRI: `${algorithm}-${sha(algorithm).toString('base64')}` })).toEqual([])
    expect(await codes({ digestMultibase: multihash(0x12, sha('sha256')), digestSRI: `sha384-${sha('sha384').toString('base64')}` })).toEqual([])
  })

  test('are refused with others, with none that is understood, or when they are away', async () => {
    const wrong = createHash('sha256').update('other').digest()
    const resources: JsonObject[] = [
      { digestSRI: `sha256-${wrong.toString('base64')}` }, { digestMultibase: multihash(0x12, wrong) }, { digestMultibase: 'uZTQ0MjM1NiAgcmVwb3J0' },
      { digestSRI: `md5-${sha('md5').toString('base64')}` }, { digestSRI: `sha256-${sha('sha256').toString('hex')}` },
      { digestMultibase: multihash(0x12, sha('sha256')), digestSRI: `sha256-${wrong.toString('base64')}` },
      { id: 'https://example.org/gone', digestMultibase: multihash(0x12, sha('sha256')) },
    ]
    for (const resource of resources) {
      expect([resource, await codes(resource)]).toEqual([resource, ['wrong_digest']])
    }
  })
})
