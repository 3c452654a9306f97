import { canonicalize, InvalidDocumentError } from '#platform/credentials/canonicalize.ts'
import { credentialFaults, presentationFaults } from '#platform/credentials/conformance.ts'
import { CREDENTIALS_V1, UnknownContextError } from '#platform/credentials/contexts.ts'
import { asList, isJsonObject, type JsonObject } from '#platform/credentials/json.ts'
import { problem, type VerificationProblem } from '#platform/credentials/problem.ts'
import { issuerOf } from '#platform/credentials/verify-credential.ts'
import type { SafeFetch } from '#platform/outbound/safe-fetch.ts'
import type { ProofDemands, StatusProblem, Verifier } from '../verify/verify.ts'
import { relatedResourceProblems } from './related-resources.ts'

/** What may be wrong with a document. Empty: nothing. */
export type Findings = readonly (VerificationProblem | StatusProblem | { readonly code: 'unknown_status'; readonly message: string })[]

export interface Wishes extends ProofDemands {
  /** A status that cannot be told is an error too. */
  readonly status: boolean
}

const unknownStatus = { code: 'unknown_status', message: 'The status of the credential cannot be told: its list is away, not trustworthy, or of an unknown kind.' } as const

/** The checks behind VC-API: what `POST /v1/verify` finds, and whether the document conforms to the data model. */
export function createChecks(verifier: Verifier, fetch: SafeFetch) {
  /** Conforms to VC Data Model 2.0, and every part of it has a meaning. */
  async function credentialToSign(document: JsonObject): Promise<Findings> {
    const faults = credentialFaults(document)
    if (document['proof'] !== undefined) faults.push(problem('not_a_credential', 'proof must not be there yet'))
    if (faults.length > 0) return faults
    return [...(await meaning(document)), ...(await relatedResourceProblems(document, fetch))]
  }

  async function credential(document: JsonObject, { status: mustKnow, ...demands }: Wishes): Promise<Findings> {
    const isOld = asList(document['@context'])[0] === CREDENTIALS_V1
    const faults = isOld ? [] : credentialFaults(document)
    if (faults.length > 0) return faults
    const { errors, status } = await verifier.verify(document, demands)
    if (errors.length > 0) return errors
    if (mustKnow && status === 'unknown') return [unknownStatus]
    return relatedResourceProblems(document, fetch)
  }

  /** Every credential in it stands for itself, or is the holder's own word and secured by the presentation. */
  async function presentation(document: JsonObject, demands: ProofDemands): Promise<Findings> {
    const faults = presentationFaults(document)
    if (faults.length > 0) return faults
    const { proof, ...unsecured } = document
    const isSigned = proof !== undefined
    const isAsked = demands.challenge !== undefined || demands.domain !== undefined
    const signers: (string | undefined)[] = []
    if (isSigned || isAsked) {
      const { errors, proofs } = await verifier.proofs(document, { ...demands, purposes: demands.purposes ?? ['authentication', 'assertionMethod'] })
      if (errors.length > 0) return errors
      signers.push(...proofs.map(({ controller }) => controller))
    } else {
      const meaningless = await meaning(unsecured)
      if (meaningless.length > 0) return meaningless
    }
    const holder = isJsonObject(document['holder']) ? document['holder']['id'] : document['holder']
    if (isSigned && holder !== undefined && !signers.some((signer) => signer === holder)) return [problem('not_signed_by_holder', String(holder))]
    const found: Findings[] = []
    for (const one of asList(document['verifiableCredential'])) found.push(await presented(one as JsonObject, holder, signers))
    return found.flat()
  }

  /** VC Data Model 2.0, section 4.13.4: who speaks of himself says so, by holder and issuer being one. */
  async function presented(document: JsonObject, holder: unknown, signers: readonly (string | undefined)[]): Promise<Findings> {
    const issuer = issuerOf(document)
    const isOwnWord = issuer !== undefined && signers.includes(issuer)
    if (isOwnWord && issuer !== holder) return [problem('not_signed_by_holder', issuer)]
    if (document['proof'] === undefined) {
      const faults = credentialFaults(document)
      return faults.length > 0 || isOwnWord ? faults : [problem('no_proof')]
    }
    return credential(document, { status: false })
  }

  return { credentialToSign, credential, presentation }
}

export type Checks = ReturnType<typeof createChecks>

/** Terms without a definition, redefined ones, unknown contexts. */
async function meaning(document: JsonObject): Promise<VerificationProblem[]> {
  try {
    await canonicalize(document)
    return []
  } catch (error) {
    if (error instanceof UnknownContextError) return [problem('unknown_context', error.url)]
    if (error instanceof InvalidDocumentError) return [problem('invalid_document', error.message)]
    throw error
  }
}
