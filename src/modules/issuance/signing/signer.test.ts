import * as vc from '@digitalbazaar/vc'
import { DataIntegrityProof } from '@digitalbazaar/data-integrity'
import { cryptosuite } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite'
import fc from 'fast-check'
import { sign } from 'node:crypto'
import { expect, test } from 'vitest'
import { loadContext } from '#platform/credentials/contexts.ts'
import { didKeyFromPublicKey, verificationMethodId } from '#platform/credentials/did.ts'
import type { JsonObject } from '#platform/credentials/json.ts'
import { generateEd25519KeyPair } from '#platform/credentials/multikey.ts'
import { createKnownShapes } from '#platform/credentials/shapes/known-shapes.ts'
import { hardDocument, hardText, propertyRuns } from '../../../../test/credentials/hard-documents.ts'
import { buildOpenBadge } from '../credential/open-badge.ts'
import { createSigner } from './signer.ts'

const { privateKey, publicKey } = generateEd25519KeyPair()
const did = didKeyFromPublicKey(publicKey)
const verificationMethod = verificationMethodId(did, publicKey)
const created = new Date('2026-06-01T12:00:00Z')

/** What the reference implementation signs, or undefined where it finds the document no credential. */
async function byReference(document: JsonObject): Promise<string | undefined> {
  const suite = new DataIntegrityProof({
    cryptosuite, date: created,
    signer: { id: verificationMethod, algorithm: 'Ed25519', sign: async ({ data }) => sign(null, data, privateKey) },
  })
  try {
    const { proof } = await vc.issue({ credential: structuredClone(document), suite, documentLoader: loadContext })
    return (proof as { proofValue: string }).proofValue
  } catch {
    return undefined
  }
}

const badge = fc.record({
  name: hardText, email: hardText, achievement: hardText, description: hardText, criteria: hardText, issuer: hardText, salt: hardText,
  index: fc.nat(131_071), validFrom: fc.date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }),
  completed: fc.boolean(), suspendable: fc.boolean(), url: fc.option(fc.webUrl(), { nil: undefined }),
  credentialId: fc.uuid(), test: fc.boolean(),
}).map((one) => buildOpenBadge({
  publicUrl: 'https://vellum.example', credentialId: one.credentialId, issuer: { did, name: one.issuer, url: one.url }, validFrom: one.validFrom,
  recipient: { name: one.name, email: one.email, salt: one.salt },
  achievement: { id: `urn:uuid:${one.credentialId}`, name: one.achievement, description: one.description, criteria: one.criteria, achievementType: 'Badge' },
  ...(one.completed && { completedOn: '2026-01-31' }),
  status: { revocation: { listId: 'a', index: one.index }, ...(one.suspendable && { suspension: { listId: 'b', index: one.index } }) },
  test: one.test,
}))

test('badges are signed as the reference implementation signs them, byte for byte, and by compiled shapes', async () => {
  const runs = propertyRuns(200)
  const shapes = createKnownShapes()
  const signer = createSigner({ privateKey, verificationMethod, canonicalize: shapes.canonicalize })
  await fc.assert(fc.asyncProperty(badge, async (document) => {
    const signed = await signer.sign(document, created)
    expect(signed.proof[0]!.proofValue).toBe(await byReference(document))
  }), { numRuns: runs })
  expect(shapes.counts().fast).toBeGreaterThan(runs)
}, 900_000)

test('so are credentials of every other form', async () => {
  const runs = propertyRuns(200)
  const signer = createSigner({ privateKey, verificationMethod })
  let compared = 0
  await fc.assert(fc.asyncProperty(hardDocument, async (document) => {
    const expected = await byReference(document)
    if (expected === undefined) return
    // Half a character is signed there, as another; here it is refused.
    if (JSON.stringify(document).includes('lone \\ud800')) {
      await expect(signer.sign(document, created)).rejects.toMatchObject({ code: 'invalid_document' })
      return
    }
    compared++
    expect((await signer.sign(document, created)).proof[0]!.proofValue).toBe(expected)
  }), { numRuns: runs })
  expect(compared).toBeGreaterThan(runs / 3)
}, 900_000)
