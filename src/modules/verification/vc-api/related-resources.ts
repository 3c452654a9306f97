import { createHash } from 'node:crypto'
import { asList, isJsonObject, type JsonObject, type JsonValue } from '#platform/credentials/json.ts'
import { decodeBase58Multibase } from '#platform/credentials/multibase.ts'
import { problem, type VerificationProblem } from '#platform/credentials/problem.ts'
import type { SafeFetch } from '#platform/outbound/safe-fetch.ts'

const TIMEOUT_MS = 5_000
const MOST_BYTES = 1024 * 1024
/** Each costs a request to an address that a stranger names. */
const MOST_RESOURCES = 4

/** Codes of multihash for the digests that are understood. */
const MULTIHASH: ReadonlyMap<number, string> = new Map([[0x12, 'sha256'], [0x20, 'sha384'], [0x13, 'sha512']])

interface Digest {
  readonly algorithm: string
  readonly bytes: Uint8Array
}

/**
 * Fetches what `relatedResource` names and compares the digests (VC Data Model 2.0, section 5.3). What cannot be had, or has a
 * digest of an unknown kind, counts as wrong: nobody would sign or accept what he cannot check.
 */
export async function relatedResourceProblems(document: JsonObject, fetch: SafeFetch): Promise<VerificationProblem[]> {
  const resources = asList(document['relatedResource']).filter(isJsonObject)
  if (resources.length > MOST_RESOURCES) return [problem('wrong_digest', `more than ${MOST_RESOURCES} resources`)]
  const right = await Promise.all(resources.map((resource) => isRight(resource, fetch)))
  return resources.filter((_, at) => !right[at]).map(({ id }) => problem('wrong_digest', String(id)))
}

async function isRight({ id, digestSRI, digestMultibase }: JsonObject, fetch: SafeFetch): Promise<boolean> {
  const told = [...asList(digestSRI).map(readSri), ...asList(digestMultibase).map(readMultibase)]
  const digests = told.filter((one) => one !== undefined)
  if (digests.length === 0 || digests.length < told.length) return false
  try {
    const { status, body } = await fetch(String(id), { headers: { accept: '*/*' }, timeoutMs: TIMEOUT_MS, maxBytes: MOST_BYTES })
    if (status !== 200) return false
    return digests.every(({ algorithm, bytes }) => createHash(algorithm).update(body).digest().equals(bytes))
  } catch {
    return false
  }
}

/** W3C Subresource Integrity: `sha384-` and base64. */
function readSri(text: JsonValue): Digest | undefined {
  const [, algorithm = '', value = ''] = /^(sha(?:256|384|512))-([A-Za-z0-9+/]+={0,2})$/.exec(String(text)) ?? []
  return digestOf(algorithm, Buffer.from(value, 'base64'))
}

/** A multihash in multibase: base64url (`u`) or base58 (`z`). */
function readMultibase(text: JsonValue): Digest | undefined {
  if (typeof text !== 'string') return undefined
  const bytes = /^u[A-Za-z0-9_-]+$/.test(text) ? Buffer.from(text.slice(1), 'base64url') : decodeBase58Multibase(text)
  if (bytes === undefined || bytes[1] !== bytes.length - 2) return undefined
  return digestOf(MULTIHASH.get(bytes[0]!) ?? '', bytes.subarray(2))
}

const lengths: Readonly<Record<string, number>> = { sha256: 32, sha384: 48, sha512: 64 }

const digestOf = (algorithm: string, bytes: Uint8Array): Digest | undefined =>
  lengths[algorithm] === bytes.length ? { algorithm, bytes } : undefined
