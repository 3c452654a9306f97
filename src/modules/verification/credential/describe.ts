import { createHash } from 'node:crypto'
import type { JsonObject } from '#platform/credentials/json.ts'
import type { VerificationResult } from '#platform/credentials/verify-credential.ts'
import { Problem } from '#platform/problem.ts'
import type { Organization } from '#modules/identity/index.ts'
import { anchorOfLeaf } from '../anchor/anchor-store.ts'
import type { Issuers } from '../issuer/issuers.ts'
import { leafOfCredential, newestCheckpoint, nodeReader } from '../log/log-store.ts'
import { hashText } from '../log/merkle-hash.ts'
import { inclusionProof } from '../log/merkle-tree.ts'
import type { VerificationContext } from '../verification-context.ts'
import type { Verifier } from '../verify/verify.ts'
import { type Claims, claimsOf } from './claims.ts'
import { type CredentialRow, openProjected, type ProjectedCredential } from './projection.ts'

export type PublicStatus = 'active' | 'suspended' | 'revoked' | 'superseded' | 'expired'

/** Everything that can be told about a credential to whoever has its address. */
export interface CredentialDescription {
  readonly publicId: string
  readonly row: CredentialRow
  readonly content: ProjectedCredential
  readonly credential: JsonObject
  readonly claims: Claims
  /** Undefined while identity does not answer. */
  readonly issuer: Pick<Organization, 'slug'> | undefined
  readonly status: {
    readonly value: PublicStatus
    readonly changedAt: Date | undefined
    /** Set when issuance did not answer: the status as it was known here, which may be seconds or hours old. */
    readonly asOf: Date | undefined
  }
  readonly signature: VerificationResult
  readonly log: LogProof | null
  readonly anchor: AnchorProof | null
  /** Whether this installation anchors at all. */
  readonly anchoring: boolean
  readonly links: Readonly<Record<'html' | 'json' | 'pdf' | 'preview' | 'badgePng' | 'badgeSvg' | 'credential', string>> & { readonly issuer?: string }
}

export interface LogProof {
  readonly index: number
  readonly leaf: string
  readonly salt: string
  /** Of the newest checkpoint; absent until one holds the leaf. */
  readonly checkpoint: { readonly size: number; readonly root: string; readonly note: string; readonly inclusionProof: readonly string[] } | null
}

export interface AnchorProof {
  readonly state: 'final'
  readonly size: number
  readonly root: string
  /** In the tree of the anchor's size. */
  readonly inclusionProof: readonly string[]
  readonly chainId: number
  readonly contractAddress: string
  readonly sender: string
  readonly transactionHash: string
  readonly blockNumber: number
  readonly finalAt: Date
}

const SIGNATURE_REMEMBERED_MS = 30_000
const REMEMBERED = 5_000

/** Gathers what a page tells. Reads only: looking at a credential writes nothing. Throws `Problem('gone')` once erased. */
export function createDescriber(context: VerificationContext, verifier: Pick<Verifier, 'signature'>, issuers: Pick<Issuers, 'byId'>) {
  const { database, clients, config, publicUrl, now } = context
  const readNodes = nodeReader(database.read, database.tables)
  const checked = new Map<string, { until: number; result: VerificationResult }>()

  /** A certificate's page may be opened by a whole class at once; checking it takes milliseconds of the processor. */
  async function signature(document: string, credential: unknown): Promise<VerificationResult> {
    const digest = createHash('sha256').update(document).digest('base64')
    const known = checked.get(digest)
    const at = now().getTime()
    if (known && known.until > at) return known.result
    const result = await verifier.signature(credential)
    const isLasting = !result.errors.some(({ code }) => code === 'issuer_unreachable')
    checked.delete(digest)
    if (isLasting) checked.set(digest, { until: at + SIGNATURE_REMEMBERED_MS, result })
    if (checked.size > REMEMBERED) checked.delete(checked.keys().next().value!)
    return result
  }

  async function status(row: CredentialRow): Promise<CredentialDescription['status']> {
    try {
      const { status, changedAt } = await clients.issuance.credentialStatus({ credentialId: row.id })
      return { value: status, changedAt: changedAt === undefined ? undefined : new Date(changedAt), asOf: undefined }
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      return { value: row.status, changedAt: row.statusChangedAt ?? undefined, asOf: row.statusChangedAt ?? row.issuedAt }
    }
  }

  async function issuer(row: CredentialRow): Promise<CredentialDescription['issuer']> {
    try {
      return await issuers.byId(row.organizationId)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      return undefined
    }
  }

  async function logProof(row: CredentialRow, salt: string): Promise<LogProof | null> {
    const found = await leafOfCredential(database, row.id)
    if (!found || found.index === null) return null
    const { index, leaf } = found
    const newest = await newestCheckpoint(database, index)
    const checkpoint = newest && {
      size: newest.size,
      root: hashText(newest.root),
      note: newest.note,
      inclusionProof: (await inclusionProof(index, newest.size, readNodes)).map(hashText),
    }
    return { index, leaf: hashText(leaf), salt, checkpoint: checkpoint ?? null }
  }

  async function anchorProof(index: number): Promise<AnchorProof | null> {
    const found = await anchorOfLeaf(database, index)
    if (!found) return null
    const { anchor, chain } = found
    return {
      state: 'final',
      size: anchor.size,
      root: hashText(anchor.root),
      inclusionProof: (await inclusionProof(index, anchor.size, readNodes)).map(hashText),
      chainId: chain.chainId,
      contractAddress: anchor.contractAddress,
      sender: chain.address,
      transactionHash: anchor.transactionHash!,
      blockNumber: anchor.blockNumber!,
      finalAt: anchor.finalAt!,
    }
  }

  return async (row: CredentialRow): Promise<CredentialDescription> => {
    const content = await openProjected(context, row)
    const credential = JSON.parse(content.document) as JsonObject
    const [current, signed, log, organization] = await Promise.all([
      status(row),
      signature(content.document, credential),
      logProof(row, content.salt),
      issuer(row),
    ])
    const html = `${publicUrl}/v/${row.publicId}`
    return {
      publicId: row.publicId,
      row,
      content,
      credential,
      claims: claimsOf(credential),
      issuer: organization,
      status: current,
      signature: signed,
      log,
      anchor: log && (await anchorProof(log.index)),
      anchoring: config.EVM_RPC_URL !== undefined,
      links: {
        html,
        json: `${html}/credential.json`,
        pdf: `${html}/certificate.pdf`,
        preview: `${html}/preview.png`,
        badgePng: `${html}/badge.png`,
        badgeSvg: `${html}/badge.svg`,
        credential: `${publicUrl}/credentials/${row.documentId}`,
        ...(organization && { issuer: `${publicUrl}/issuers/${organization.slug}` }),
      },
    }
  }
}

export type Describe = ReturnType<typeof createDescriber>

/** The description as JSON; the signed credential inside is exactly what was signed. */
export function describeAsJson({ credential, status, signature, log, anchor, links, row, content }: CredentialDescription) {
  return {
    credential,
    status: status.value,
    ...(status.changedAt && { statusChangedAt: status.changedAt.toISOString() }),
    ...(status.asOf && { statusAsOf: status.asOf.toISOString() }),
    issuedAt: row.issuedAt.toISOString(),
    test: content.test,
    checks: { signature },
    log: log && {
      index: log.index,
      leaf: log.leaf,
      salt: log.salt,
      size: log.checkpoint?.size ?? null,
      root: log.checkpoint?.root ?? null,
      inclusionProof: log.checkpoint?.inclusionProof ?? null,
      checkpoint: log.checkpoint?.note ?? null,
    },
    anchor: anchor && { ...anchor, finalAt: anchor.finalAt.toISOString() },
    links,
  }
}
