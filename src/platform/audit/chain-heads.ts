import { and, asc, desc, eq, gt, sql } from 'drizzle-orm'
import { preparedStatement, recordset } from '../database/prepared-statement.ts'
import type { PlatformDatabase } from '../database/transaction.ts'
import { installation } from '../organization-id.ts'
import { chainStart } from './audit-entry.ts'

/** A place in a chain. */
export interface ChainPlace {
  readonly organizationId: string
  readonly sequence: number
}

/** What a module tells of its own chains. Hashes are hexadecimal. */
export interface ChainHeads {
  readonly heads: (ChainPlace & { readonly hash: string })[]
  /** The newest restoration of this database, by the hash of its entry in the chain of the installation. */
  readonly restoration: string | null
}

export const restoredAction = 'database.restored'

const readHashes = preparedStatement<{ places: string }, { organization: string; sequence: number; hash: Uint8Array }>((kit) => {
  const { audit } = kit.platform
  return sql`
    select entry.organization_id as organization, entry.sequence as sequence, entry.hash as hash
    from ${recordset(kit, 'places', { organization: 'text', sequence: 'integer' })}
    join ${audit} as entry on entry.organization_id = records.organization and entry.sequence = records.sequence`
})

/** A page of the ends of this module's chains, in the order of the organizations' ids. */
export async function chainHeads(database: PlatformDatabase, { after, limit }: { after?: string | undefined; limit: number }): Promise<ChainHeads> {
  const { audit, auditHeads } = database.raw.platform
  const rows = await database.raw.select().from(auditHeads)
    .where(after === undefined ? undefined : gt(auditHeads.organizationId, after))
    .orderBy(asc(auditHeads.organizationId)).limit(limit)
  const [restored] = await database.raw.select({ hash: audit.hash }).from(audit)
    .where(and(eq(audit.organizationId, installation), eq(audit.action, restoredAction)))
    .orderBy(desc(audit.sequence)).limit(1)
  return {
    heads: rows.map(({ organizationId, sequence, hash }) => ({ organizationId, sequence, hash: Buffer.from(hash).toString('hex') })),
    restoration: restored ? Buffer.from(restored.hash).toString('hex') : null,
  }
}

const placeName = ({ organizationId, sequence }: ChainPlace): string => `${sequence} ${organizationId}`

/** The hash of what a chain has at each place, null for nothing; at 0 stands what the first entry follows. */
export async function chainHashes(database: PlatformDatabase, places: readonly ChainPlace[]): Promise<(string | null)[]> {
  const asked = places.map(({ organizationId, sequence }) => ({ organization: organizationId, sequence }))
  const rows = await database.raw.execute(readHashes, { places: JSON.stringify(asked) })
  const found = new Map(rows.map(({ organization, sequence, hash }) => [placeName({ organizationId: organization, sequence: Number(sequence) }), hash]))
  return places.map((place) => {
    const hash = place.sequence === 0 ? chainStart : found.get(placeName(place))
    return hash ? Buffer.from(hash).toString('hex') : null
  })
}

/**
 * Says in the chain of the installation that this database was put back to an earlier state: its witness then takes ends of chains that
 * lie before those that it holds, once, and writes that down.
 */
export const noteRestoration = (database: PlatformDatabase, details: Readonly<Record<string, string>>): Promise<void> =>
  database.transaction((tx) => tx.audit({ organizationId: installation, action: restoredAction, target: database.module, details }))
