import * as vc from '@digitalbazaar/vc'
import { DataIntegrityProof } from '@digitalbazaar/data-integrity'
import { cryptosuite } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite'
import { randomBytes, randomInt, randomUUID, sign as signBytes } from 'node:crypto'
import { loadContext } from '#platform/credentials/contexts.ts'
import { didWebFor, verificationMethodId } from '#platform/credentials/did.ts'
import type { JsonObject } from '#platform/credentials/json.ts'
import { generateEd25519KeyPair } from '#platform/credentials/multikey.ts'
import { buildOpenBadge } from '../../src/modules/issuance/credential/open-badge.ts'
import { createSigner } from '../../src/modules/issuance/signing/signer.ts'
import type { Bench } from '../measure.ts'

const OURS = 2_000
const PEERS = 100

/** A badge of one template as production builds it: recipient, salt, addresses and status index differ. */
function badge(did: string, n: number): JsonObject {
  const publicUrl = 'https://vellum.example'
  return buildOpenBadge({
    publicUrl,
    credentialId: randomUUID(),
    issuer: { did, name: 'Acme Academy', url: 'https://acme.example' },
    validFrom: new Date(1_760_000_000_000 + n * 1_000),
    recipient: { name: `Ada "${n}" Lovelace, Ὑπατία`, email: `ada-${n}@example.org`, salt: randomBytes(16).toString('base64url') },
    achievement: {
      id: 'urn:uuid:0b8a7d5e-7d0c-4b38-9d0a-2f4f0b9d5c11', name: 'Distributed Systems', description: 'Twelve weeks of consensus, clocks and failure.',
      criteria: 'Passed the exam.', achievementType: 'CertificateOfCompletion',
    },
    completedOn: '2026-01-31',
    status: { revocation: { listId: '0b8a7d5e-7d0c-4b38-9d0a-2f4f0b9d5c12', index: randomInt(131_072) } },
    test: false,
  })
}

/** How long `sign` takes for each document, in milliseconds. */
async function timed(documents: readonly JsonObject[], sign: (document: JsonObject) => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  for (const document of documents) await sign(document)
  return (performance.now() - begun) / documents.length
}

export const bench: Bench = {
  name: 'sign',
  unit: 'ms',
  says: 'One Open Badge signed with eddsa-rdfc-2022: by compiled shape, and by @digitalbazaar/vc with Ed25519 by node:crypto.',
  async start() {
    const { privateKey, publicKey } = generateEd25519KeyPair()
    const did = didWebFor('https://vellum.example', 'organizations/acme')
    const verificationMethod = verificationMethodId(did, publicKey)
    const signer = createSigner({ privateKey, verificationMethod })
    const documentLoader = loadContext
    const bySigner = (date: Date) => new DataIntegrityProof({
      cryptosuite,
      date,
      signer: { id: verificationMethod, algorithm: 'Ed25519', sign: async ({ data }) => signBytes(null, data, privateKey) },
    })
    const byPeer = (document: JsonObject, date: Date) => vc.issue({ credential: document, suite: bySigner(date), documentLoader })

    // A figure counts only if both do the same.
    const created = new Date('2026-06-01T12:00:00Z')
    for (let n = 0; n < 20; n++) {
      const document = badge(did, n)
      const ours = await signer.sign(document, created)
      const theirs = await byPeer(structuredClone(document), created) as unknown as { proof: { proofValue: string } }
      if (ours.proof[0]?.proofValue !== theirs.proof.proofValue) throw new Error('The signatures differ.')
    }

    let n = 0
    const badges = (count: number) => Array.from({ length: count }, () => badge(did, ++n))
    return {
      ours: () => timed(badges(OURS), (document) => signer.sign(document, created)),
      peer: () => timed(badges(PEERS), (document) => byPeer(document, created)),
    }
  },
}
