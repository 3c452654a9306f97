import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { canonicalize } from './canonicalize.ts'
import { canonicalizeJson } from './jcs.ts'
import type { JsonObject } from './json.ts'
import { decodeBase58Multibase } from './multibase.ts'
import { addProof, hashData, proofConfiguration } from './proof.ts'
import { verifyProofs } from './verify-proofs.ts'

const folder = 'test/vectors/w3c-vc-di-eddsa/'
const text = (name: string) => readFileSync(folder + name, 'utf8')
const json = (name: string) => JSON.parse(text(name)) as JsonObject
const now = new Date('2026-01-01T00:00:00Z')
const resolveDid = async (did: string) => { throw new Error(`${did} asked for`) }

const { publicKeyMultibase, privateKeyMultibase } = json('keyPair.json') as Record<string, string>
const seed = decodeBase58Multibase(privateKeyMultibase!)!.subarray(2)
const privateKey = createPrivateKey({
  key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' })

describe('the W3C vectors of eddsa-rdfc-2022', () => {
  const files = 'eddsa-rdfc-2022/'
  const unsigned = json('unsigned.json')
  const { proofValue: _, ...options } = json(`${files}signedDataInt.json`)['proof'] as JsonObject

  it('have our canonical forms and our hash', async () => {
    const document = await canonicalize(unsigned)
    const configuration = await canonicalize(proofConfiguration(unsigned, options))
    expect(document).toBe(text(`${files}canonDocDataInt.txt`))
    expect(configuration).toBe(text(`${files}proofCanonDataInt.txt`))
    expect(hashData(configuration, document).toString('hex')).toBe(text(`${files}combinedHashDataInt.txt`))
  })

  it('have our signature', async () => {
    const signed = await addProof(unsigned, {
      privateKey, verificationMethod: `did:key:${publicKeyMultibase}#${publicKeyMultibase}`,
      created: new Date('2023-02-24T23:36:38Z'),
    })
    expect(signed.proof).toEqual([json(`${files}signedDataInt.json`)['proof']])
    expect(signed.proof[0]!.proofValue).toBe(text(`${files}sigBTC58DataInt.txt`))
  })
})

describe('the W3C vectors of eddsa-jcs-2022', () => {
  const files = 'eddsa-jcs-2022/'

  it('have our canonical forms and our hash', () => {
    const document = canonicalizeJson(json('unsigned.json'))
    const configuration = canonicalizeJson(json(`${files}proofConfigJCS.json`))
    expect(document).toBe(text(`${files}canonDocJCS.txt`))
    expect(configuration).toBe(text(`${files}proofCanonJCS.txt`))
    expect(hashData(configuration, document).toString('hex')).toBe(text(`${files}combinedHashJCS.txt`))
  })

  it('do not verify with contexts in front of those that the proof was made over', async () => {
    const signed = json(`${files}signedJCS.json`)
    const moved = { ...signed, '@context': ['https://www.w3.org/ns/did/v1', ...signed['@context'] as string[]] }
    expect((await verifyProofs(moved, { resolveDid, now })).errors).toMatchObject([{ code: 'malformed_proof' }])
  })
})

describe('every signed vector', () => {
  const names = [
    'eddsa-rdfc-2022/signedDataInt.json', 'eddsa-jcs-2022/signedJCS.json', 'proof-set-chain/signedProofSet1.json',
    'proof-set-chain/signedProofSet2.json', 'proof-set-chain/signedProofChain1.json',
    'proof-set-chain/signedProofChain2.json',
  ]

  it.each(names)('%s verifies, and no longer after a change', async (name) => {
    const signed = json(name)
    expect(await verifyProofs(signed, { resolveDid, now })).toMatchObject({ verified: true, errors: [] })
    const changed = { ...signed, name: 'Another name' }
    const { verified, proofs } = await verifyProofs(changed, { resolveDid, now })
    expect(verified).toBe(false)
    expect(proofs.every((proof) => !proof.verified)).toBe(true)
  })

  it('of a chain is lost when the proof that it builds on is taken out or changed', async () => {
    const signed = json('proof-set-chain/signedProofChain1.json')
    const [first, second, third] = signed['proof'] as JsonObject[]
    const without = await verifyProofs({ ...signed, proof: [first!, third!] }, { resolveDid, now })
    expect(without.errors).toMatchObject([{ code: 'previous_proof_missing' }])
    const changed = { ...second!, created: '2023-02-24T23:36:39Z' }
    const { proofs } = await verifyProofs({ ...signed, proof: [first!, changed, third!] }, { resolveDid, now })
    expect(proofs.map((proof) => proof.verified)).toEqual([true, false, false])
  })
})

describe('RFC 8785', () => {
  it.each(['arrays', 'french', 'structures', 'unicode', 'values', 'weird'])('%s has its canonical form', (name) => {
    const input = JSON.parse(readFileSync(`test/vectors/jcs/testdata/input/${name}.json`, 'utf8'))
    expect(canonicalizeJson(input)).toBe(readFileSync(`test/vectors/jcs/testdata/output/${name}.json`, 'utf8'))
  })
})
