/** Everything that can be wrong with a credential, by code: stable for ever, since others act on it. */
const sentences = {
  not_a_credential: 'The document is no verifiable credential.',
  not_a_presentation: 'The document is no verifiable presentation.',
  malformed_date: 'A date is not written as date, time and time zone.',
  not_yet_valid: 'The credential is not valid yet.',
  expired: 'The credential has expired.',
  unknown_context: 'The document uses a JSON-LD context that is not known here, and contexts are never fetched.',
  invalid_document: 'The document holds parts that have no defined meaning, so no signature can cover them.',
  too_many_parts: 'The document has more parts than are looked at.',
  no_proof: 'The document carries no proof.',
  too_many_proofs: 'The document carries more proofs than are looked at.',
  malformed_proof: 'The proof is not a well-formed Data Integrity proof.',
  unsupported_cryptosuite: 'The proof is of a kind that is not known here.',
  wrong_proof_purpose: 'The proof was made for another purpose.',
  proof_expired: 'The proof has expired.',
  previous_proof_missing: 'The proof builds on another one that is not there.',
  issuer_unreachable: 'The document with the keys of the signer cannot be reached now. Try again later.',
  unknown_key: 'The document of the signer does not list the key of the proof.',
  key_not_authorized: 'The signer does not allow this key to sign credentials.',
  key_revoked: 'The signer has revoked the key of the proof.',
  invalid_signature: 'The signature does not fit: the document was changed, or another key signed it.',
  not_signed_by_issuer: 'The issuer that the credential names did not sign it.',
  not_signed_by_holder: 'The holder that the presentation names did not sign it.',
  wrong_challenge: 'The proof answers another challenge, or none.',
  wrong_domain: 'The proof was made for another domain, or for none.',
  wrong_digest: 'A related resource is another one than the credential says, or cannot be had to compare.',
} as const

export type ProblemCode = keyof typeof sentences

/** What is wrong, for a program (`code`), for a person (`message`), and in particular (`detail`). */
export type VerificationProblem = { code: ProblemCode, message: string, detail?: string }

export function problem(code: ProblemCode, detail?: string): VerificationProblem {
  return detail === undefined ? { code, message: sentences[code] } : { code, message: sentences[code], detail }
}
