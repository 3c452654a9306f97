import { and, asc, eq, gt, inArray, isNotNull, sql } from 'drizzle-orm'
import type { PlatformDatabase } from '../database/transaction.ts'
import type { OrganizationId } from '../organization-id.ts'
import { type Contradiction, judge, type ToldHead, type WitnessedHead } from './witness-rule.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

/** A page of what this module keeps of another one's chains, in the order of the organizations' ids. */
export async function witnessedHeads(
  database: PlatformDatabase,
  { module, after, limit }: { module: string; after?: string | undefined; limit: number },
): Promise<WitnessedHead[]> {
  const { auditWitness } = database.raw.platform
  const rows = await database.raw.select().from(auditWitness)
    .where(and(eq(auditWitness.module, module), after === undefined ? undefined : gt(auditWitness.organizationId, after)))
    .orderBy(asc(auditWitness.organizationId)).limit(limit)
  return rows.map(({ organizationId, sequence, hash, restoration, contradiction }) => ({ organizationId, sequence, hash: hex(hash), restoration, contradiction }))
}

/** Chains that this module, as their witness, found contradicted when it was last told of them. */
export async function contradictedChains(
  database: PlatformDatabase,
  limit: number,
): Promise<{ module: string; organizationId: string; sequence: number; contradiction: Contradiction }[]> {
  const { auditWitness: of } = database.raw.platform
  const rows = await database.raw
    .select({ module: of.module, organizationId: of.organizationId, sequence: of.sequence, contradiction: of.contradiction })
    .from(of).where(isNotNull(of.contradiction)).orderBy(asc(of.module), asc(of.organizationId)).limit(limit)
  return rows.map((row) => ({ ...row, contradiction: row.contradiction! }))
}

/**
 * Takes what a module tells of the ends of its chains. A head that goes on from what is held takes its place; one that contradicts
 * it does not, and is written into the audit trail of this module, once. Safe twice, late and in any order.
 * @returns what is held of those chains now
 */
export async function keepHeads(
  database: PlatformDatabase,
  { module, restoration, heads }: { module: string; restoration: string | null; heads: readonly ToldHead[] },
): Promise<Pick<WitnessedHead, 'organizationId' | 'sequence' | 'restoration' | 'contradiction'>[]> {
  const { auditWitness } = database.raw.platform
  return database.platformTransaction(async (tx, raw) => {
    const ids = heads.map(({ organizationId }) => organizationId)
    const rows = await raw.select().from(auditWitness).where(and(eq(auditWitness.module, module), inArray(auditWitness.organizationId, ids)))
    const known = new Map(rows.map((row) => [row.organizationId, { ...row, hash: hex(row.hash) }]))
    const kept = []
    const held = new Map<string, Pick<WitnessedHead, 'organizationId' | 'sequence' | 'restoration' | 'contradiction'>>()
    for (const told of heads) {
      const { organizationId } = told
      const before = known.get(organizationId)
      const verdict = judge(before, told, restoration)
      const now = after(before, told, verdict, restoration)
      held.set(organizationId, now)
      const same = before && before.sequence === now.sequence && before.restoration === now.restoration && before.contradiction === now.contradiction
      if (same) continue
      kept.push({ module, ...now, hash: bytes(now.hash), keptAt: new Date() })
      if (!before || verdict === 'goes-on') continue
      const details = { sequence: before.sequence, hash: before.hash, found: told.since?.hash ?? 'nothing' }
      const organization = organizationId as OrganizationId
      if (verdict === 'set-back') {
        await tx.audit({ organizationId: organization, action: 'audit.set-back', target: module, details: { ...details, to: told.sequence, restoration: restoration! } })
      } else {
        await tx.audit({ organizationId: organization, action: 'audit.contradicted', target: module, details: { ...details, kind: verdict } })
      }
    }
    if (kept.length > 0) {
      const given = (column: string) => sql.raw(`excluded.${column}`)
      await raw.insert(auditWitness).values(kept).onConflictDoUpdate({
        target: [auditWitness.module, auditWitness.organizationId],
        set: {
          sequence: given('sequence'), hash: given('hash'), restoration: given('restoration'),
          contradiction: given('contradiction'), keptAt: given('kept_at'),
        },
      })
    }
    return [...held.values()].map(({ organizationId, sequence, restoration, contradiction }) => ({ organizationId, sequence, restoration, contradiction }))
  })
}

function after(before: WitnessedHead | undefined, told: ToldHead, verdict: ReturnType<typeof judge>, restoration: string | null): WitnessedHead {
  const { organizationId, sequence, hash } = told
  if (!before || verdict === 'goes-on' || verdict === 'set-back') return { organizationId, sequence, hash, restoration, contradiction: null }
  return verdict === 'stale' ? before : { ...before, contradiction: verdict }
}
