import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { didDocument, didKeyFromPublicKey, didKeyVerificationMethod, verificationMethodId } from '#platform/credentials/did.ts'
import { encodePublicKey, generateEd25519KeyPair } from '#platform/credentials/multikey.ts'
import { addProof } from '#platform/credentials/proof.ts'
import type { JsonObject } from '#platform/credentials/json.ts'
import type { SafeFetch } from '#platform/outbound/safe-fetch.ts'
import { issuedData, issuerKey, publicUrl, startVerification, type Verification } from '../../../../test/verification/verification-alone.ts'
import { createVerifier } from './verify.ts'

let verification: Verification
beforeEach(async () => {
  verification = await startVerification()
})
afterEach(() => verification.stop())

const credential = async () => JSON.parse((await issuedData()).document) as JsonObject
const verify = async (body: unknown) => (await verification.post('/v1/verify', { credential: body })).json()

/** A signed status list with these bits set. */
async function statusList(purpose: 'revocation' | 'suspension', set: number[], key = issuerKey): Promise<string> {
  const did = didKeyFromPublicKey(key.publicKey)
  const bits = new Uint8Array(131_072 / 8)
  for (const index of set) bits[index >> 3]! |= 0x80 >> (index & 7)
  const signed = await addProof({
    '@context': ['https://www.w3.org/ns/credentials/v2'],
    id: `${publicUrl}/status/${purpose}`,
    type: ['VerifiableCredential', 'BitstringStatusListCredential'],
    issuer: did,
    validFrom: '2026-01-01T00:00:00Z',
    credentialSubject: {
      id: `${publicUrl}/status/${purpose}#list`, type: 'BitstringStatusList', statusPurpose: purpose,
      encodedList: `u${gzipSync(bits).toString('base64url')}`,
    },
  }, { privateKey: key.privateKey, verificationMethod: didKeyVerificationMethod(did), created: new Date() })
  return JSON.stringify(signed)
}
const lists = async (revoked: number[], suspended: number[]) => {
  verification.fake.lists.set('list-1', await statusList('revocation', revoked))
  verification.fake.lists.set('list-2', await statusList('suspension', suspended))
}

describe('POST /v1/verify', () => {
  test('finds a sound credential sound, without a token', async () => {
    await lists([6, 8], [])
    expect(await verify(await credential())).toEqual({ verified: true, errors: [], status: 'active' })
  })

  test('finds a changed one false, and asks nobody about its status', async () => {
    await lists([], [])
    const signed = await credential()
    const answer = await verify({ ...signed, name: 'Doctor of Everything' })
    expect(answer).toMatchObject({ verified: false, errors: [{ code: 'invalid_signature' }], status: 'unknown' })
  })

  test('finds a revoked one revoked, and a suspended one suspended', async () => {
    await lists([7], [7])
    expect(await verify(await credential())).toMatchObject({ verified: false, status: 'revoked', errors: [{ code: 'revoked' }] })
    await lists([], [7])
    expect(await verify(await credential())).toMatchObject({ verified: false, status: 'suspended', errors: [{ code: 'suspended' }] })
  })

  test('says unknown, never not revoked, of a list that is away, forged, of another issuer or for another purpose', async () => {
    await lists([], [])
    const signed = await credential()
    const revocation = verification.fake.lists.get('list-1')!
    for (const bad of [
      undefined,
      revocation.replace('2026-01-01', '2026-01-02'),
      await statusList('revocation', [], generateEd25519KeyPair()),
      await statusList('suspension', []),
    ]) {
      if (bad === undefined) verification.fake.lists.delete('list-1')
      else verification.fake.lists.set('list-1', bad)
      expect((await verify(signed)).status).toBe('unknown')
    }
    verification.fake.lists.set('list-1', revocation)
    expect((await verify(signed)).status).toBe('active')
    verification.fake.away = true
    expect((await verify(signed)).status).toBe('unknown')
  })

  test('refuses unknown fields, and what is no object', async () => {
    const response = await verification.post('/v1/verify', { credential: {}, options: {} })
    expect(response.status).toBe(422)
    expect((await verification.post('/v1/verify', { credential: 'eyJ' })).status).toBe(422)
    expect(await verify({})).toMatchObject({ verified: false, errors: [{ code: 'not_a_credential' }] })
  })
})

describe('the short way', () => {
  const verifierOf = () => {
    const asked = { lists: 0 }
    const statusList = async ({ statusListId }: { statusListId: string }) => {
      asked.lists++
      return { document: verification.fake.lists.get(statusListId)! }
    }
    return { asked, verifier: createVerifier({ clients: { issuance: { statusList } } as never, publicUrl, now: () => new Date() }, undefined as never) }
  }

  test('is taken by credentials of this installation from the second one on, and finds the same', async () => {
    await lists([6, 8], [])
    const { verifier, asked } = verifierOf()
    for (let n = 0; n < 4; n++) expect(await verifier.verify(await credential())).toMatchObject({ verified: true, status: 'active' })
    // Of the credential and its proof three times; the list was asked for each time, and read alike.
    expect(verifier.counts()).toMatchObject({ fast: 6 })
    expect(asked.lists).toBe(8)
    const signed = await credential()
    const changes: JsonObject[] = [{ name: 'Doctor of Everything' }, { validFrom: '2020-01-01T00:00:00Z' }, { id: `${publicUrl}/credentials/0` }]
    for (const change of changes) {
      expect((await verifier.verify({ ...signed, ...change })).errors).toMatchObject([{ code: 'invalid_signature' }])
    }
    await lists([7], [])
    expect(await verifier.verify(signed)).toMatchObject({ verified: false, status: 'revoked' })
    await lists([6, 8], [])
    expect(await verifier.verify(signed)).toMatchObject({ verified: true, status: 'active' })
  })

  test('is not learned from what strangers send: not from forgeries, nor from what they signed themselves', async () => {
    await lists([], [])
    const { verifier } = verifierOf()
    const stranger = generateEd25519KeyPair()
    const did = didKeyFromPublicKey(stranger.publicKey)
    const { proof: _, ...rest } = await credential()
    for (let n = 0; n < 5; n++) {
      const theirs = { ...rest, issuer: { ...(rest['issuer'] as JsonObject), id: did, ...Object.fromEntries(Array.from({ length: n }, (__, at) => [`https://example.org/${at}`, 'x'])) } }
      const signed = await addProof(theirs, { privateKey: stranger.privateKey, verificationMethod: didKeyVerificationMethod(did), created: new Date() })
      // It names our lists, which another signs: they say nothing about it.
      expect(await verifier.verify(signed)).toMatchObject({ verified: true, status: 'unknown' })
      await verifier.verify({ ...signed, name: 'forged' })
    }
    expect(verifier.counts()).toEqual({ fast: 0, shapes: 0 })
  })
})

describe('an issuer with did:web', () => {
  const unsigned = async (did: string) => {
    const { proof: _, credentialStatus: __, ...rest } = await credential()
    const method = verificationMethodId(did, issuerKey.publicKey)
    return addProof({ ...rest, issuer: { ...(rest['issuer'] as JsonObject), id: did } }, {
      privateKey: issuerKey.privateKey, verificationMethod: method, created: new Date(),
    })
  }
  const documentOf = (did: string) =>
    JSON.stringify(didDocument({ did, keys: [{ id: verificationMethodId(did, issuerKey.publicKey), publicKeyMultibase: encodePublicKey(issuerKey.publicKey) }] }))

  test('of this installation is asked by contract', async () => {
    const did = 'did:web:vellum.example:organizations:acme'
    verification.fake.didDocuments.set('acme', documentOf(did))
    const signed = await unsigned(did)
    verification.fake.away = true
    expect(await verify(signed)).toMatchObject({ verified: false, errors: [{ code: 'issuer_unreachable' }] })
    verification.fake.away = false
    expect(await verify(signed)).toEqual({ verified: true, errors: [], status: 'none' })
  })

  test('of this installation has its document remembered for a while, but not against a key that is new', async () => {
    const did = 'did:web:vellum.example:organizations:acme'
    let at = new Date()
    let asked = 0
    let document = documentOf(did)
    const clients = { issuance: { didDocument: async () => (asked++, { document }) } }
    const verifier = createVerifier({ clients: clients as never, publicUrl, now: () => at }, undefined as never)
    const signed = await unsigned(did)
    for (let n = 0; n < 3; n++) expect((await verifier.verify(signed)).verified).toBe(true)
    expect(asked).toBe(1)

    const next = generateEd25519KeyPair()
    const { proof: _, ...rest } = signed
    const later = await addProof(rest, { privateKey: next.privateKey, verificationMethod: verificationMethodId(did, next.publicKey), created: new Date() })
    expect((await verifier.verify(later)).errors).toMatchObject([{ code: 'unknown_key' }])
    document = JSON.stringify(didDocument({ did, keys: [issuerKey, next].map(({ publicKey }) => ({ id: verificationMethodId(did, publicKey), publicKeyMultibase: encodePublicKey(publicKey) })) }))
    expect((await verifier.verify(later)).verified).toBe(true)

    // What is gone from the document is believed no longer than the time for which it is remembered.
    document = JSON.stringify(didDocument({ did, keys: [] }))
    at = new Date(at.getTime() + 15_001)
    expect((await verifier.verify(signed)).errors).toMatchObject([{ code: 'unknown_key' }])
  })

  test('elsewhere is fetched through the guard, and its absence is not its falseness', async () => {
    const did = 'did:web:issuer.example'
    const asked: string[] = []
    let status = 200
    const fetch = Object.assign(
      async (url: string) => {
        asked.push(url)
        return { status, headers: {}, body: new TextEncoder().encode(documentOf(did)) }
      },
      { close: async () => {} },
    ) satisfies SafeFetch
    const verifier = createVerifier({ clients: {} as never, publicUrl, now: () => new Date() }, fetch)
    expect(await verifier.verify(await unsigned(did))).toEqual({ verified: true, errors: [], status: 'none' })
    expect(asked).toEqual(['https://issuer.example/.well-known/did.json'])
    status = 503
    expect((await verifier.verify(await unsigned(did))).errors).toMatchObject([{ code: 'issuer_unreachable' }])
    status = 404
    expect((await verifier.verify(await unsigned(did))).errors).toMatchObject([{ code: 'unknown_key' }])
  })

  test('on a private address is not asked at all', async () => {
    const answer = await verify(await unsigned('did:web:127.0.0.1%3A8443'))
    expect(answer).toMatchObject({ verified: false, errors: [{ code: 'issuer_unreachable' }] })
  })
})
