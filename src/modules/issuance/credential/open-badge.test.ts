import * as vc from '@digitalbazaar/vc'
import { DataIntegrityProof } from '@digitalbazaar/data-integrity'
import { cryptosuite } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { loadContext } from '#platform/credentials/contexts.ts'
import { didKeyFromPublicKey, resolveDidKey, verificationMethodId } from '#platform/credentials/did.ts'
import type { JsonObject } from '#platform/credentials/json.ts'
import { generateEd25519KeyPair } from '#platform/credentials/multikey.ts'
import { verifyCredential } from '#platform/credentials/verify-credential.ts'
import { createSigner } from '../signing/signer.ts'
import { buildOpenBadge, hashIdentity, type OpenBadgeInput } from './open-badge.ts'

const key = generateEd25519KeyPair()
const did = didKeyFromPublicKey(key.publicKey)
const verificationMethod = verificationMethodId(did, key.publicKey)
const signer = createSigner({ privateKey: key.privateKey, verificationMethod })
const now = new Date('2026-11-23T10:15:30.456Z')

const input: OpenBadgeInput = {
  publicUrl: 'https://vellum.example/',
  credentialId: '0b8a7d5e-7d0c-4b38-9d0a-2f4f0b9d5c11',
  issuer: { did, name: 'Acme Academy', url: 'https://acme.example' },
  validFrom: now,
  validUntil: new Date('2029-11-23T00:00:00Z'),
  recipient: { name: 'محمد "Ada" O’Neil\\', email: 'Ada@Example.org', salt: 'k4mQx' },
  achievement: {
    id: 'https://vellum.example/achievements/4',
    name: 'Distributed Systems',
    description: 'Twelve weeks',
    criteria: 'Passed the *exam*',
    achievementType: 'CertificateOfCompletion',
    image: { url: 'https://vellum.example/images/4.png', caption: 'A star' },
  },
  completedOn: '2026-01-31',
  status: { revocation: { listId: '7', index: 94_567 } },
  test: false,
}

/** Nothing but what must be there. */
const least: OpenBadgeInput = {
  ...input,
  issuer: { did, name: 'Acme' },
  validUntil: undefined,
  completedOn: undefined,
  achievement: { id: 'https://vellum.example/achievements/5', name: 'A', description: 'B', criteria: 'C' },
}

const schema = (path: string) => JSON.parse(readFileSync(`test/vectors/${path}`, 'utf8'))
const openBadge = withFormats(new Ajv2019({ strict: false, allErrors: true }))
  .compile(schema('1edtech-ob3/schema/ob_v3p0_achievementcredential_schema.json'))
const verifiableCredential = withFormats(new Ajv2020({ strict: false, allErrors: true }))
  .compile(schema('w3c-vc-data-model/schema/verifiable-credential/verifiable-credential-schema.json'))

describe('an Open Badge', () => {
  it('has the form that Open Badges 3.0 describes', () => {
    expect(buildOpenBadge(input)).toEqual({
      '@context': [
        'https://www.w3.org/ns/credentials/v2', 'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json'],
      id: 'https://vellum.example/credentials/0b8a7d5e-7d0c-4b38-9d0a-2f4f0b9d5c11',
      type: ['VerifiableCredential', 'OpenBadgeCredential'],
      name: 'Distributed Systems',
      issuer: { id: did, type: ['Profile'], name: 'Acme Academy', url: 'https://acme.example' },
      validFrom: '2026-11-23T10:15:30Z',
      validUntil: '2029-11-23T00:00:00Z',
      credentialSubject: {
        type: ['AchievementSubject'],
        identifier: [
          { type: 'IdentityObject', hashed: true, identityType: 'emailAddress', salt: 'k4mQx',
            identityHash: hashIdentity('ada@example.org', 'k4mQx') },
          { type: 'IdentityObject', hashed: false, identityType: 'name', identityHash: 'محمد "Ada" O’Neil\\' },
        ],
        activityEndDate: '2026-01-31T00:00:00Z',
        achievement: {
          id: 'https://vellum.example/achievements/4', type: ['Achievement'], name: 'Distributed Systems',
          description: 'Twelve weeks', criteria: { narrative: 'Passed the *exam*' },
          achievementType: 'CertificateOfCompletion',
          image: { id: 'https://vellum.example/images/4.png', type: 'Image', caption: 'A star' },
        },
      },
      credentialStatus: {
        id: 'https://vellum.example/status/7#94567', type: 'BitstringStatusListEntry', statusPurpose: 'revocation',
        statusListIndex: '94567', statusListCredential: 'https://vellum.example/status/7',
      },
    })
  })

  it('signed, is valid by the schemas of 1EdTech and of the W3C', async () => {
    for (const one of [input, least, { ...input, test: true }]) {
      const signed = await signer.sign(buildOpenBadge(one), now)
      expect(openBadge(signed), JSON.stringify(openBadge.errors)).toBe(true)
      expect(verifiableCredential(signed), JSON.stringify(verifiableCredential.errors)).toBe(true)
    }
  })

  it('breaks those schemas when it is damaged, so they do look', () => {
    const damaged = buildOpenBadge(input)
    delete (damaged['credentialSubject'] as JsonObject)['achievement']
    expect(openBadge(damaged)).toBe(false)
    expect(verifiableCredential({ ...damaged, issuer: null })).toBe(false)
  })

  it('holds no null, no empty list and nothing undefined', () => {
    for (const one of [input, least]) {
      const built = buildOpenBadge(one)
      expect(JSON.stringify(built)).not.toMatch(/null|\[\]/)
      expect(JSON.parse(JSON.stringify(built))).toStrictEqual(built)
    }
  })

  it('of a test installation says so where people look: in its name', () => {
    const built = buildOpenBadge({ ...input, test: true })
    expect(built['name']).toBe('[TEST] Distributed Systems')
    expect(built['description']).toMatch(/test installation/)
  })

  it('that can be suspended has two entries: valid for the W3C, and one too many for 1EdTech', async () => {
    const status = { revocation: { listId: '7', index: 1 }, suspension: { listId: '8', index: 2 } }
    const signed = await signer.sign(buildOpenBadge({ ...input, status }), now)
    expect(verifiableCredential(signed), JSON.stringify(verifiableCredential.errors)).toBe(true)
    expect(openBadge(signed)).toBe(false)
    expect(openBadge.errors).toMatchObject([{ instancePath: '/credentialStatus', keyword: 'type' }])
    expect(signed['credentialStatus']).toMatchObject([
      { statusPurpose: 'revocation', id: 'https://vellum.example/status/7#1' },
      { statusPurpose: 'suspension', id: 'https://vellum.example/status/8#2' },
    ])
  })

  it('is not built for a day that does not exist', () => {
    for (const completedOn of ['2026-02-30', '31.01.2026', '2026-01-31T10:00:00Z']) {
      expect(() => buildOpenBadge({ ...input, completedOn }), completedOn).toThrow(TypeError)
    }
  })
})

describe('a hashed identity', () => {
  it('is the example of the specification', () => {
    expect(hashIdentity('a@example.com', 'Kosher'))
      .toBe('sha256$b5809d8a92f8858436d7e6b87c12ebc0ae1eac4baecc2c0b913aee2c922ef399')
  })

  it('does not depend on how the address is capitalized, but on every other thing', () => {
    expect(hashIdentity('A@Example.COM', 'Kosher')).toBe(hashIdentity('a@example.com', 'Kosher'))
    expect(hashIdentity('a@example.com', 'kosher')).not.toBe(hashIdentity('a@example.com', 'Kosher'))
  })
})

describe('a signed Open Badge', () => {
  const suite = () => new DataIntegrityProof({ cryptosuite })
  const verifyElsewhere = (credential: JsonObject) => vc.verifyCredential({
    credential, suite: suite(), documentLoader: load, now, checkStatus: async () => ({ verified: true }) })

  it('verifies here and with @digitalbazaar/vc, signed by the general way and by the fast one', async () => {
    const variants = [input, least, { ...least, status: { ...input.status, suspension: { listId: '8', index: 2 } } }]
    for (const one of variants) {
      for (const name of ['first, which compiles', 'أحمد \u0000 "\\ 𝒜', '<img onerror>']) {
        const signed = JSON.parse(JSON.stringify(
          await signer.sign(buildOpenBadge({ ...one, recipient: { ...one.recipient, name } }), now)))
        const elsewhere = await verifyElsewhere(signed)
        expect(elsewhere.verified, JSON.stringify(elsewhere)).toBe(true)
        const here = await verifyCredential(signed, { resolveDid: async () => undefined, now })
        expect(here).toEqual({ verified: true, errors: [] })
      }
    }
  })

  it('no longer verifies there after a change', async () => {
    const signed = await signer.sign(buildOpenBadge(input), now)
    expect((await verifyElsewhere({ ...signed, name: 'Another' })).verified).toBe(false)
  })

  it('has the signature that @digitalbazaar/vc makes with the same key in the same second', async () => {
    const unsigned = buildOpenBadge(input)
    const ours = await signer.sign(unsigned, now)
    const { sign: signRaw } = await import('node:crypto')
    const theirs = await vc.issue({
      credential: structuredClone(unsigned), documentLoader: load, now,
      suite: new DataIntegrityProof({
        cryptosuite, date: now,
        signer: {
          id: signer.verificationMethod, algorithm: 'Ed25519',
          sign: async ({ data }: { data: Uint8Array }) => signRaw(null, data, key.privateKey),
        },
      }),
    })
    expect(ours.proof).toEqual([theirs.proof])
  })
})

/** Bundled contexts, and the key of the issuer: all that @digitalbazaar/vc asks for. */
async function load(url: string) {
  const [base = ''] = url.split('#', 1)
  if (!base.startsWith('did:key:')) return loadContext(url)
  const document = resolveDidKey(base)!
  const method = { '@context': 'https://w3id.org/security/multikey/v1', ...document.verificationMethod[0]! }
  return { contextUrl: null, documentUrl: url, document: url === base ? document : method }
}

function withFormats<T extends Ajv2019 | Ajv2020>(ajv: T): T {
  ;(addFormats as unknown as (target: T) => void)(ajv)
  return ajv
}
