import { verify } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { canonicalize, InvalidDocumentError } from './canonicalize.ts'
import { UnknownContextError } from './contexts.ts'
import { parseInstant } from './instant.ts'
import { canonicalizeJson } from './jcs.ts'
import { asList, isJsonObject, type JsonObject } from './json.ts'
import { decodeBase58Multibase } from './multibase.ts'
import { MOST_PARTS, partsOf } from './parts.ts'
import { problem, type VerificationProblem } from './problem.ts'
import { hashData, proofConfiguration } from './proof.ts'
import { findSigningKey, type ProofPurpose, type ResolveDid } from './signing-key.ts'

/** Each proof costs a canonical form and maybe a request; nobody needs more. */
const MOST_PROOFS = 16

export type ProofResult = { verified: boolean, errors: VerificationProblem[], controller?: string }

export type ProofOptions = {
  resolveDid: ResolveDid
  now: Date
  /** RDFC-1.0 of a JSON-LD document. The general implementation unless a faster one with the same result is given. */
  canonicalize?: (document: JsonObject) => Promise<string>
  /** What proofs may have been made for: `assertionMethod` alone unless told. */
  purposes?: readonly ProofPurpose[]
  /** Every proof must answer this challenge. */
  challenge?: string | undefined
  /** Every proof must be made for this domain. */
  domain?: string | undefined
}

export type ProofsResult = { verified: boolean, errors: VerificationProblem[], proofs: ProofResult[] }

/**
 * Verifies every Data Integrity proof of a document: `eddsa-rdfc-2022` and `eddsa-jcs-2022`, single, in sets and in
 * chains (`previousProof`; VC Data Integrity 1.0 sections 4.4 and 4.5). One bad proof makes the whole document bad.
 * Who the signer is in relation to the document is for the caller to judge by `controller`.
 */
export async function verifyProofs(
  document: JsonObject, options: ProofOptions,
): Promise<ProofsResult> {
  const canonical = options.canonicalize ?? canonicalize
  const { proof, ...unsecured } = document
  const all = asList(proof)
  if (all.length === 0) return { verified: false, errors: [problem('no_proof')], proofs: [] }
  if (all.length > MOST_PROOFS) return { verified: false, errors: [problem('too_many_proofs')], proofs: [] }
  if (partsOf(document) > MOST_PARTS) return { verified: false, errors: [problem('too_many_parts')], proofs: [] }

  // Proofs of a set sign the same document: its canonical form is made once.
  let canonicalDocument: Promise<string> | undefined
  const canonicalOf: Canonical = (signed) =>
    signed === unsecured ? (canonicalDocument ??= canonical(unsecured)) : canonical(signed)

  const proofs: ProofResult[] = []
  for (const one of all) {
    // Between two pieces of work of this length, others have their turn.
    if (proofs.length > 0) await nextTurn()
    const outcome = isJsonObject(one) ? await verifyProof(unsecured, one, all.filter(isJsonObject), canonicalOf, options)
      : problem('malformed_proof')
    proofs.push('code' in outcome ? { verified: false, errors: [outcome] }
      : { verified: true, errors: [], controller: outcome.controller })
  }
  return { verified: proofs.every((one) => one.verified), errors: proofs.flatMap((one) => one.errors), proofs }
}

type Canonical = (document: JsonObject) => Promise<string>

async function verifyProof(
  unsecured: JsonObject, proof: JsonObject, all: JsonObject[], canonicalOf: Canonical,
  options: ProofOptions,
): Promise<{ controller: string } | VerificationProblem> {
  const { proofValue, ...proofOptions } = proof
  const { type, cryptosuite, proofPurpose, verificationMethod, created, expires, previousProof } = proofOptions
  if (type !== 'DataIntegrityProof' || (cryptosuite !== 'eddsa-rdfc-2022' && cryptosuite !== 'eddsa-jcs-2022')) {
    return problem('unsupported_cryptosuite', `${String(type)} ${String(cryptosuite ?? '')}`.trim())
  }
  const purpose = (options.purposes ?? ['assertionMethod']).find((one) => one === proofPurpose)
  if (purpose === undefined) return problem('wrong_proof_purpose', String(proofPurpose))
  if (options.challenge !== undefined && proof['challenge'] !== options.challenge) return problem('wrong_challenge')
  if (options.domain !== undefined && !asList(proof['domain']).includes(options.domain)) return problem('wrong_domain')
  if (typeof verificationMethod !== 'string') return problem('malformed_proof', 'no verificationMethod')
  const signature = typeof proofValue === 'string' ? decodeBase58Multibase(proofValue) : undefined
  if (signature?.length !== 64) return problem('malformed_proof', 'proofValue is no Ed25519 signature in base58')
  if (created !== undefined && parseInstant(created) === undefined) return problem('malformed_date', 'proof.created')
  if (expires !== undefined) {
    const end = parseInstant(expires)
    if (end === undefined) return problem('malformed_date', 'proof.expires')
    if (end <= options.now.getTime()) return problem('proof_expired', String(expires))
  }

  const previous: JsonObject[] = []
  for (const id of asList(previousProof)) {
    const found = all.find((one) => one !== proof && one['id'] !== undefined && one['id'] === id)
    if (found === undefined) return problem('previous_proof_missing', String(id))
    previous.push(found)
  }
  const signed = previous.length === 0 ? unsecured : { ...unsecured, proof: previous }

  const key = await findSigningKey(verificationMethod, purpose, options)
  if ('code' in key) return key
  let data: Buffer | undefined
  try {
    data = cryptosuite === 'eddsa-rdfc-2022'
      ? hashData(await canonicalOf(proofConfiguration(signed, proofOptions)), await canonicalOf(signed))
      : jcsHashData(signed, proofOptions)
  } catch (error) {
    if (error instanceof UnknownContextError) return problem('unknown_context', error.url)
    if (error instanceof InvalidDocumentError) return problem('invalid_document', error.message)
    throw error
  }
  if (data === undefined) return problem('malformed_proof', 'the @context of the proof is not that of the document')
  return verify(null, data, key.publicKey, signature) ? { controller: key.controller } : problem('invalid_signature')
}

/**
 * Data Integrity EdDSA Cryptosuites 1.0, section 3.3.2: a proof that carries `@context` was made over it, and the
 * document's own contexts must begin with it. Undefined where they do not.
 */
function jcsHashData(document: JsonObject, proofOptions: JsonObject): Buffer | undefined {
  const context = proofOptions['@context']
  if (context === undefined) return hashData(canonicalizeJson(proofOptions), canonicalizeJson(document))
  const own = asList(document['@context'])
  const begins = asList(context)
    .every((entry, at) => own[at] !== undefined && canonicalizeJson(entry) === canonicalizeJson(own[at]))
  if (!begins) return undefined
  return hashData(canonicalizeJson(proofOptions), canonicalizeJson({ ...document, '@context': context }))
}
