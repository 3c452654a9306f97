import { hash, sign, type KeyObject } from 'node:crypto'
import { canonicalize } from './canonicalize.ts'
import { formatInstant } from './instant.ts'
import type { JsonObject } from './json.ts'
import { encodeBase58Multibase } from './multibase.ts'

/** A Data Integrity proof as Vellum makes it: VC Data Integrity 1.0 section 2.1, Ed25519 over RDFC-1.0. */
export type EddsaRdfcProof = {
  type: 'DataIntegrityProof'
  cryptosuite: 'eddsa-rdfc-2022'
  created: string
  verificationMethod: string
  proofPurpose: 'assertionMethod'
  proofValue: string
}

/** A document with its proofs: always a list, as the Open Badges 3.0 schema asks. */
export type SignedDocument = JsonObject & { proof: EddsaRdfcProof[] }

export type ProofInput = {
  /** Ed25519. */
  privateKey: KeyObject
  /** The whole id of the key, as the issuer's DID document lists it. */
  verificationMethod: string
  /** When the document is signed; written in whole seconds. */
  created: Date
  /** RDFC-1.0 of a JSON-LD document. The general implementation unless a faster one with the same result is given. */
  canonicalize?: (document: JsonObject) => Promise<string>
}

/**
 * Signs a JSON-LD document with `eddsa-rdfc-2022` (Data Integrity EdDSA Cryptosuites 1.0, section 3.2).
 * The document must carry no proof; it is not changed.
 *
 * @throws UnknownContextError, InvalidDocumentError
 */
export async function addProof(document: JsonObject, input: ProofInput): Promise<SignedDocument> {
  if (document['proof'] !== undefined) throw new TypeError('The document is signed already.')
  const canonical = input.canonicalize ?? canonicalize
  const options = {
    type: 'DataIntegrityProof' as const,
    cryptosuite: 'eddsa-rdfc-2022' as const,
    created: formatInstant(input.created),
    verificationMethod: input.verificationMethod,
    proofPurpose: 'assertionMethod' as const,
  }
  const canonicalDocument = await canonical(document)
  const canonicalOptions = await canonical(proofConfiguration(document, options))
  const signature = sign(null, hashData(canonicalOptions, canonicalDocument), input.privateKey)
  return { ...document, proof: [{ ...options, proofValue: encodeBase58Multibase(signature) }] }
}

/** The proof without its value, in the context of the document: section 3.2.5. */
export function proofConfiguration(document: JsonObject, options: JsonObject): JsonObject {
  return { ...options, '@context': document['@context'] ?? null }
}

/** What is signed: SHA-256 of the proof configuration, then of the document (section 3.2.4). 64 bytes. */
export function hashData(canonicalOptions: string, canonicalDocument: string): Buffer {
  return Buffer.concat([hash('sha256', canonicalOptions, 'buffer'), hash('sha256', canonicalDocument, 'buffer')])
}
