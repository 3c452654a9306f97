import { CREDENTIALS_V1, CREDENTIALS_V2 } from './contexts.ts'
import { parseInstant } from './instant.ts'
import { asList, isJsonObject, type JsonObject } from './json.ts'
import { problem, type VerificationProblem } from './problem.ts'
import { type ProofOptions, verifyProofs } from './verify-proofs.ts'

/** Clocks differ: so much earlier or later still counts as within the period of validity. */
export const CLOCK_SKEW_MS = 5 * 60_000

export type VerificationResult = { verified: boolean, errors: VerificationProblem[] }

/**
 * Verifies a W3C Verifiable Credential (2.0, or 1.1): its form, its period of validity, all its proofs, and that the
 * issuer it names made one of them. Status (revocation, suspension) is the caller's matter. Never throws over what the
 * document holds; errors carry the codes of problem.ts, and `issuer_unreachable` means *unknown*, not *false*.
 */
export async function verifyCredential(document: unknown, options: ProofOptions): Promise<VerificationResult> {
  if (!isJsonObject(document)) return { verified: false, errors: [problem('not_a_credential', 'no JSON object')] }
  const issuer = issuerOf(document)
  const malformed = formProblem(document, issuer)
  if (malformed !== undefined) return { verified: false, errors: [malformed] }

  const { errors: proofErrors, proofs } = await verifyProofs(document, options)
  const errors = [...periodProblems(document, options.now), ...proofErrors]
  if (proofErrors.length === 0 && !proofs.some((proof) => proof.controller === issuer)) {
    errors.push(problem('not_signed_by_issuer', issuer))
  }
  return { verified: errors.length === 0, errors }
}

/** The id of the issuer, which may stand alone or inside an object. */
export function issuerOf(credential: JsonObject): string | undefined {
  const { issuer } = credential
  const id = isJsonObject(issuer) ? issuer['id'] : issuer
  return typeof id === 'string' ? id : undefined
}

function formProblem(document: JsonObject, issuer: string | undefined): VerificationProblem | undefined {
  const [first] = asList(document['@context'])
  if (first !== CREDENTIALS_V2 && first !== CREDENTIALS_V1) return problem('not_a_credential', '@context')
  if (!asList(document['type']).includes('VerifiableCredential')) return problem('not_a_credential', 'type')
  if (issuer === undefined || !URL.canParse(issuer)) return problem('not_a_credential', 'issuer')
  if (asList(document['credentialSubject']).length === 0) return problem('not_a_credential', 'credentialSubject')
  return undefined
}

function periodProblems(document: JsonObject, now: Date): VerificationProblem[] {
  const [first] = asList(document['@context'])
  const [from, until] = first === CREDENTIALS_V1 ? ['issuanceDate', 'expirationDate'] : ['validFrom', 'validUntil']
  const start = instantOf(document, from as string)
  const end = instantOf(document, until as string)
  const problems = [start, end].filter((value) => typeof value === 'object')
  if (typeof start === 'number' && start > now.getTime() + CLOCK_SKEW_MS) problems.push(problem('not_yet_valid'))
  if (typeof end === 'number' && end < now.getTime() - CLOCK_SKEW_MS) problems.push(problem('expired'))
  return problems
}

function instantOf(document: JsonObject, name: string): number | VerificationProblem | undefined {
  if (document[name] === undefined) return undefined
  return parseInstant(document[name]) ?? problem('malformed_date', name)
}
