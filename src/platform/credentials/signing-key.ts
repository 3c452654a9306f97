import type { KeyObject } from 'node:crypto'
import { resolveDidKey } from './did.ts'
import { parseInstant } from './instant.ts'
import { asList, isJsonObject, type JsonObject, type JsonValue } from './json.ts'
import { decodePublicKey } from './multikey.ts'
import { problem, type VerificationProblem } from './problem.ts'

/**
 * Fetches the document that a DID, or the https URL of a key, stands for: given without fragment, answered as JSON.
 * Undefined: there is none. A thrown error: it cannot be told now. `did:key` is never asked for.
 *
 * @param wanted the id of the key that is looked for: a copy that does not hold it may be too old.
 */
export type ResolveDid = (did: string, wanted: string) => Promise<unknown>

/** What a key may be used for: Controlled Identifiers 1.0, section 2.3. */
export type ProofPurpose = 'assertionMethod' | 'authentication'

export type SigningKey = { publicKey: KeyObject, controller: string }

/**
 * The key of a verification method, if its controller allows it this purpose: the controller's document must list it under
 * the purpose's name (Controlled Identifiers 1.0, section 3.3).
 */
export async function findSigningKey(
  verificationMethod: string, purpose: ProofPurpose, { resolveDid, now }: { resolveDid: ResolveDid, now: Date },
): Promise<SigningKey | VerificationProblem> {
  const [base = ''] = verificationMethod.split('#', 1)
  const found = await resolve(base, verificationMethod, resolveDid)
  if ('problem' in found) return found.problem
  const { document } = found

  const standsAlone = document['publicKeyMultibase'] !== undefined
  const method = standsAlone ? document : listedMethod(document, base, verificationMethod, purpose)
  if (method === undefined || (standsAlone && method['id'] !== verificationMethod)) {
    return problem('unknown_key', verificationMethod)
  }
  const controller = method['controller']
  if (typeof controller !== 'string') return problem('unknown_key', `${verificationMethod} has no controller`)

  const owner = controller === base && !standsAlone ? found : await resolve(controller, verificationMethod, resolveDid)
  if ('problem' in owner) return owner.problem
  const allowed = asList(owner.document[purpose])
    .some((entry) => absoluteId(isJsonObject(entry) ? entry['id'] : entry, controller) === verificationMethod)
  if (!allowed) return problem('key_not_authorized', verificationMethod)

  const ends = ['revoked', 'expires'].map((name) => method[name]).filter((value) => value !== undefined)
  if (ends.some((end) => (parseInstant(end) ?? 0) <= now.getTime())) return problem('key_revoked', verificationMethod)

  const multibase = method['publicKeyMultibase']
  const publicKey = typeof multibase === 'string' ? decodePublicKey(multibase) : undefined
  if (publicKey === undefined) return problem('unknown_key', `${verificationMethod} is no Ed25519 Multikey`)
  return { publicKey, controller }
}

/** A document must say of itself that it is the one that was asked for. */
async function resolve(
  id: string, wanted: string, resolveDid: ResolveDid,
): Promise<{ document: JsonObject } | { problem: VerificationProblem }> {
  let document: unknown
  try {
    document = id.startsWith('did:key:') ? resolveDidKey(id) : await resolveDid(id, wanted)
  } catch (error) {
    return { problem: problem('issuer_unreachable', `${id}: ${(error as Error).message}`) }
  }
  if (!isJsonObject(document)) return { problem: problem('unknown_key', `There is no document for ${id}`) }
  const [own] = String(document['id']).split('#', 1)
  if (own !== id) return { problem: problem('unknown_key', `The document for ${id} is the one of ${own}`) }
  return { document }
}

/** Keys are listed under `verificationMethod`, or stand whole under their purpose. */
function listedMethod(document: JsonObject, base: string, id: string, purpose: ProofPurpose): JsonObject | undefined {
  return [...asList(document['verificationMethod']), ...asList(document[purpose])]
    .filter(isJsonObject)
    .find((entry) => absoluteId(entry['id'], base) === id)
}

function absoluteId(id: JsonValue | undefined, base: string): JsonValue | undefined {
  return typeof id === 'string' && id.startsWith('#') ? base + id : id
}
