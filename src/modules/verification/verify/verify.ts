import { isJsonObject, type JsonObject } from '#platform/credentials/json.ts'
import type { VerificationProblem } from '#platform/credentials/problem.ts'
import type { ResolveDid } from '#platform/credentials/signing-key.ts'
import { issuerOf, verifyCredential, type VerificationResult } from '#platform/credentials/verify-credential.ts'
import type { SafeFetch } from '#platform/outbound/safe-fetch.ts'
import type { VerificationContext } from '../verification-context.ts'
import { createResolveDid, fetchJson } from './resolve-did.ts'
import { combineStatus, type ListedStatus, statusBit, statusEntries, type StatusEntry, type StatusFinding } from './status-rules.ts'

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

export interface Verifier {
  /** Any credential, of whatever issuer. */
  verify(credential: JsonObject): Promise<VerifyAnswer>
  /** Form, period, proofs and issuer alone. */
  signature(credential: unknown): Promise<VerificationResult>
}

/** Verifies credentials of ours and of strangers; what cannot be reached is unknown, never fine. */
export function createVerifier({ clients, publicUrl, now }: Pick<VerificationContext, 'clients' | 'publicUrl' | 'now'>, fetch: SafeFetch): Verifier {
  const resolveDid: ResolveDid = createResolveDid({ clients, publicUrl }, fetch)
  const ownLists = `${publicUrl}/status/`
  const signature = (credential: unknown) => verifyCredential(credential, { resolveDid, now: now() })

  async function findEntry(issuer: string | undefined, entry: StatusEntry): Promise<StatusFinding> {
    try {
      const list = await statusList(entry.list)
      const bit = isJsonObject(list) && issuerOf(list) === issuer && (await signature(list)).verified ? statusBit(list, entry) : undefined
      return { purpose: entry.purpose, set: bit ?? 'unknown' }
    } catch {
      return { purpose: entry.purpose, set: 'unknown' }
    }
  }

  async function statusList(url: string): Promise<unknown> {
    const id = url.startsWith(ownLists) ? url.slice(ownLists.length) : undefined
    if (id !== undefined) return JSON.parse((await clients.issuance.statusList({ statusListId: id })).document)
    return fetchJson(fetch, url, 'application/vc, application/vc+ld+json, application/json')
  }

  async function status(credential: JsonObject): Promise<ListedStatus> {
    const entries = statusEntries(credential)
    if (entries === 'unknown') return 'unknown'
    return combineStatus(await Promise.all(entries.map((entry) => findEntry(issuerOf(credential), entry))))
  }

  return {
    signature,
    async verify(credential) {
      const { verified, errors } = await signature(credential)
      // A forged document must not make us ask the addresses that it names.
      if (!verified) return { verified, errors, status: 'unknown' }
      const found = await status(credential)
      if (found === 'revoked' || found === 'suspended') {
        return { verified: false, errors: [...errors, { code: found, message: sentences[found] }], status: found }
      }
      return { verified, errors, status: found }
    },
  }
}

const sentences = {
  revoked: 'The issuer has revoked the credential, for ever.',
  suspended: 'The issuer has suspended the credential until further notice.',
} as const
