import { canonicalize } from '#platform/credentials/canonicalize.ts'
import { isJsonObject, type JsonObject } from '#platform/credentials/json.ts'
import type { VerificationProblem } from '#platform/credentials/problem.ts'
import { createKnownShapes } from '#platform/credentials/shapes/known-shapes.ts'
import { issuerOf, verifyCredential, type VerificationResult } from '#platform/credentials/verify-credential.ts'
import { type ProofOptions, type ProofsResult, verifyProofs } from '#platform/credentials/verify-proofs.ts'
import type { SafeFetch } from '#platform/outbound/safe-fetch.ts'
import type { VerifyingContext } from '../verification-context.ts'
import { createRemembered } from './remembered.ts'
import { createResolveDid, fetchJson } from './resolve-did.ts'
import { createSharedCalls } from './shared-calls.ts'
import {
  combineStatus, type ListedStatus, statusBit, statusEntries, type StatusEntry, type StatusFinding, type StatusList, unpackList,
} from './status-rules.ts'

export interface VerifyAnswer {
  /** Form, period, proofs and issuer hold, and no status list says otherwise. */
  readonly verified: boolean
  readonly errors: readonly (VerificationProblem | StatusProblem)[]
  readonly status: ListedStatus
}

export interface StatusProblem {
  readonly code: 'revoked' | 'suspended'
  readonly message: string
}

/** What the proofs must have been made for, beyond what every proof must be. */
export type ProofDemands = Pick<ProofOptions, 'purposes' | 'challenge' | 'domain'>

export interface Verifier {
  /** Any credential, of whatever issuer. */
  verify(credential: JsonObject, demands?: ProofDemands): Promise<VerifyAnswer>
  /** The proofs of any document, by whoever made them. */
  proofs(document: JsonObject, demands: ProofDemands): Promise<ProofsResult>
  /** Form, period, proofs and issuer alone, of a credential that this installation issued. */
  signature(credential: unknown): Promise<VerificationResult>
  /** How many canonical forms took the short way, and how many shapes are known. */
  counts(): { fast: number; shapes: number }
}

/** An own list is asked for every time, and checked again only if it reads differently, or after this time. */
const LISTS_REMEMBERED = { most: 200, forMs: 30_000 }

/** Learning costs several verifications: not more often, whatever is sent. */
const LESSON_PAUSE_MS = 1_000

/** One verification: which documents had no known shape. */
interface Inquiry {
  readonly unknown: JsonObject[]
  readonly canonicalize: (document: JsonObject) => Promise<string>
}

/**
 * Verifies credentials of ours and of strangers; what cannot be reached is unknown, never fine. Shapes are learned from
 * credentials of this installation alone, once they verified: no stranger can make it compile, or push a shape out.
 */
export function createVerifier({ clients, publicUrl, now }: VerifyingContext, fetch: SafeFetch): Verifier {
  const resolveDid = createResolveDid({ clients, publicUrl, now }, fetch)
  const ownLists = `${publicUrl}/status/`
  const shapes = createKnownShapes()
  const lists = createRemembered<{ text: string; list: StatusList }>({ ...LISTS_REMEMBERED, now })
  const askForList = createSharedCalls(async (statusListId) => (await clients.issuance.statusList({ statusListId })).document)
  let nextLesson = 0

  function inquire(): Inquiry {
    const unknown: JsonObject[] = []
    return {
      unknown,
      async canonicalize(document) {
        const form = shapes.recall(document)
        if (form === undefined) unknown.push(document)
        return form ?? canonicalize(document)
      },
    }
  }

  async function learn({ unknown }: Inquiry): Promise<void> {
    if (unknown.length === 0 || now().getTime() < nextLesson) return
    nextLesson = now().getTime() + LESSON_PAUSE_MS
    for (const document of unknown) await shapes.learn(document)
  }

  const check = (credential: unknown, inquiry: Inquiry, demands: ProofDemands = {}) =>
    verifyCredential(credential, { ...demands, resolveDid, now: now(), canonicalize: inquiry.canonicalize })

  async function unpacked(list: unknown, inquiry: Inquiry): Promise<StatusList | undefined> {
    return isJsonObject(list) && (await check(list, inquiry)).verified ? unpackList(list) : undefined
  }

  async function ownList(id: string, inquiry: Inquiry): Promise<StatusList | undefined> {
    const text = await askForList(id)
    const known = lists.get(id)
    if (known?.text === text) return known.list
    const list = await unpacked(JSON.parse(text), inquiry)
    if (list !== undefined) lists.set(id, { text, list })
    return list
  }

  const strangersList = async (url: string, inquiry: Inquiry) =>
    unpacked(await fetchJson(fetch, url, 'application/vc, application/vc+ld+json, application/json'), inquiry)

  async function findEntry(issuer: string | undefined, entry: StatusEntry, inquiry: Inquiry): Promise<StatusFinding & { own: boolean }> {
    const { purpose, list: url } = entry
    const id = url.startsWith(ownLists) ? url.slice(ownLists.length) : undefined
    try {
      const list = await (id === undefined ? strangersList(url, inquiry) : ownList(id, inquiry))
      const bit = list !== undefined && list.issuer === issuer ? statusBit(list, entry) : undefined
      return { purpose, set: bit ?? 'unknown', own: id !== undefined && bit !== undefined }
    } catch {
      return { purpose, set: 'unknown', own: false }
    }
  }

  async function status(credential: JsonObject, inquiry: Inquiry): Promise<{ found: ListedStatus; own: boolean }> {
    const entries = statusEntries(credential)
    if (entries === 'unknown') return { found: 'unknown', own: false }
    const findings = await Promise.all(entries.map((entry) => findEntry(issuerOf(credential), entry, inquiry)))
    // Only who signs our lists signs credentials that stand in them.
    return { found: combineStatus(findings), own: findings.some(({ own }) => own) }
  }

  return {
    async signature(credential) {
      const inquiry = inquire()
      const result = await check(credential, inquiry)
      if (result.verified) await learn(inquiry)
      return result
    },
    proofs: (document, demands) => verifyProofs(document, { ...demands, resolveDid, now: now() }),
    async verify(credential, demands) {
      const inquiry = inquire()
      const { verified, errors } = await check(credential, inquiry, demands)
      // A forged document must not make us ask the addresses that it names.
      if (!verified) return { verified, errors, status: 'unknown' }
      const { found, own } = await status(credential, inquiry)
      if (own) await learn(inquiry)
      if (found === 'revoked' || found === 'suspended') {
        return { verified: false, errors: [...errors, { code: found, message: sentences[found] }], status: found }
      }
      return { verified, errors, status: found }
    },
    counts: () => ({ fast: shapes.counts().fast, shapes: shapes.counts().shapes }),
  }
}

const sentences = {
  revoked: 'The issuer has revoked the credential, for ever.',
  suspended: 'The issuer has suspended the credential until further notice.',
} as const
