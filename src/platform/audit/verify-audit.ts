import { and, asc, eq, gt } from 'drizzle-orm'
import type { PlatformDatabase } from '../database/transaction.ts'
import { auditHash, chainStart } from './audit-entry.ts'

export type AuditFault =
  /** The entry does not hash to what it says: it was edited. */
  | 'edited'
  /** A number is missing: an entry was deleted from the middle or the beginning. */
  | 'missing'
  /** It does not follow the entry before it: entries were exchanged or replaced. */
  | 'unlinked'
  /** The chain ends elsewhere than its head says: entries were deleted from or added at the end. */
  | 'head'

export interface AuditReport {
  readonly module: string
  readonly entries: number
  readonly organizations: number
  /** The first broken entry of each organization; empty: every chain is whole. */
  readonly broken: readonly BrokenChain[]
}

export interface BrokenChain {
  readonly organizationId: string
  readonly sequence: number
  readonly reason: AuditFault
}

const pageSize = 1_000

/** Walks every chain of one module from its beginning to its head. Reads only. */
export async function verifyAudit(database: PlatformDatabase): Promise<AuditReport> {
  const { audit, auditHeads } = database.raw.platform
  // The heads first: what is appended while this runs lies behind them.
  const heads = new Map((await database.raw.select().from(auditHeads)).map((head) => [head.organizationId, head]))
  const chains = await database.raw.selectDistinct({ organizationId: audit.organizationId }).from(audit)
  const organizations = new Set([...heads.keys(), ...chains.map((chain) => chain.organizationId)])
  const broken: BrokenChain[] = []
  let entries = 0
  for (const organizationId of [...organizations].sort()) {
    const chain = await walk(organizationId)
    entries += chain.entries
    if (chain.fault) broken.push({ organizationId, ...chain.fault })
  }
  return { module: database.module, entries, organizations: organizations.size, broken }

  async function walk(organizationId: string) {
    const head = heads.get(organizationId)
    let sequence = 0
    let previousHash = chainStart
    const fault = (reason: AuditFault, at = sequence + 1) => ({ entries: sequence, fault: { sequence: at, reason } })
    for (;;) {
      const page = await database.raw.select().from(audit)
        .where(and(eq(audit.organizationId, organizationId), gt(audit.sequence, sequence)))
        .orderBy(asc(audit.sequence)).limit(pageSize)
      for (const entry of page) {
        if (entry.sequence !== sequence + 1) return fault('missing')
        if (!equal(entry.hash, auditHash({ ...entry, module: database.module }))) return fault('edited')
        if (!equal(entry.previousHash, previousHash)) return fault('unlinked')
        sequence = entry.sequence
        previousHash = entry.hash
        if (sequence === head?.sequence && !equal(previousHash, head.hash)) return fault('head', sequence)
      }
      if (page.length < pageSize) break
    }
    if (!head || head.sequence > sequence) return fault('head')
    if (head.sequence < sequence) {
      // Appended since the heads were read, or by a hand that forgot the head.
      const [now] = await database.raw.select().from(auditHeads).where(eq(auditHeads.organizationId, organizationId))
      if (!now || now.sequence < sequence) return fault('head', head.sequence + 1)
    }
    return { entries: sequence, fault: undefined }
  }
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
