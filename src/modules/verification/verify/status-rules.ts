import { gunzipSync } from 'node:zlib'
import { asList, isJsonObject, type JsonObject } from '#platform/credentials/json.ts'
import { issuerOf } from '#platform/credentials/verify-credential.ts'

/** Of a credential as its status lists tell it. `none`: it names no list; `unknown`: a list could not be read or trusted. */
export type ListedStatus = 'active' | 'revoked' | 'suspended' | 'unknown' | 'none'

/** Where a credential's bit stands: W3C Bitstring Status List 1.0, section 2.1. */
export interface StatusEntry {
  readonly purpose: 'revocation' | 'suspension'
  readonly index: number
  readonly list: string
}

/** What one entry says; `unknown` where its list cannot be had. */
export interface StatusFinding {
  readonly purpose: StatusEntry['purpose']
  readonly set: boolean | 'unknown'
}

/** Section 3.1: a list is never shorter. */
const LEAST_BITS = 131_072
/** More is an attack by a small file that unpacks to a big one. */
const MOST_BYTES = 16 * 1024 * 1024
/** Each may cost a request. */
const MOST_ENTRIES = 4

/** The entries about revocation and suspension; `unknown` where one is of a kind that is not understood here. */
export function statusEntries(credential: JsonObject): StatusEntry[] | 'unknown' {
  const entries: StatusEntry[] = []
  for (const entry of asList(credential['credentialStatus'])) {
    if (!isJsonObject(entry) || entry['type'] !== 'BitstringStatusListEntry') return 'unknown'
    const { statusPurpose: purpose, statusListIndex, statusListCredential: list } = entry
    // Lists with messages or for refreshing say nothing about validity.
    if (purpose !== 'revocation' && purpose !== 'suspension') continue
    const index = typeof statusListIndex === 'string' && /^\d{1,9}$/.test(statusListIndex) ? Number(statusListIndex) : undefined
    if (index === undefined || typeof list !== 'string') return 'unknown'
    entries.push({ purpose, index, list })
  }
  return entries.length > MOST_ENTRIES ? 'unknown' : entries
}

/** A status list, unpacked. */
export interface StatusList {
  readonly issuer: string | undefined
  readonly purposes: readonly unknown[]
  /** Index 0 is the most significant bit of the first byte. */
  readonly bits: Uint8Array
}

/** The list in a BitstringStatusListCredential that was verified already; undefined where it is malformed. */
export function unpackList(credential: JsonObject): StatusList | undefined {
  const subject = asList(credential['credentialSubject'])[0]
  if (!asList(credential['type']).includes('BitstringStatusListCredential') || !isJsonObject(subject)) return undefined
  const encoded = subject['encodedList']
  if (typeof encoded !== 'string' || !/^u[A-Za-z0-9_-]+$/.test(encoded) || (subject['statusSize'] ?? 1) !== 1) return undefined
  try {
    const bits = gunzipSync(Buffer.from(encoded.slice(1), 'base64url'), { maxOutputLength: MOST_BYTES })
    if (bits.length * 8 < LEAST_BITS) return undefined
    return { issuer: issuerOf(credential), purposes: asList(subject['statusPurpose']), bits }
  } catch {
    return undefined
  }
}

/** The bit of an entry; undefined where the list is for another purpose, or ends before it. */
export function statusBit({ purposes, bits }: StatusList, { purpose, index }: StatusEntry): boolean | undefined {
  if (!purposes.includes(purpose) || index >= bits.length * 8) return undefined
  return (bits[index >> 3]! & (0x80 >> (index & 7))) !== 0
}

/** What all entries together mean. A revocation that cannot be told is unknown, never absent. */
export function combineStatus(findings: readonly StatusFinding[]): ListedStatus {
  if (findings.length === 0) return 'none'
  if (findings.some(({ purpose, set }) => purpose === 'revocation' && set === true)) return 'revoked'
  if (findings.some(({ set }) => set === 'unknown')) return 'unknown'
  return findings.some(({ set }) => set === true) ? 'suspended' : 'active'
}
