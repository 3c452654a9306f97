import { and, asc, desc, eq, gt, inArray, max, notInArray } from 'drizzle-orm'
import type { Database, Queries, Transaction } from '#platform/database/database.ts'
import type { VerificationTables } from '../tables.ts'
import type { Attempt } from './anchor-state.ts'

export type AnchorRow = VerificationTables['anchors']['$inferSelect']
export type ChainRow = VerificationTables['chains']['$inferSelect']

type Db = Database<VerificationTables>
type Tx = Transaction<VerificationTables>

/** The one that is on its way, or undefined; and the newest of all on this chain. */
export async function anchorsOf({ read, tables: { anchors } }: Db, chain: string) {
  const [open] = await read
    .select()
    .from(anchors)
    .where(and(eq(anchors.chain, chain), notInArray(anchors.state, ['final', 'refused'])))
    .limit(1)
  const [newest] = await read.select().from(anchors).where(eq(anchors.chain, chain)).orderBy(desc(anchors.id)).limit(1)
  return { open, newest }
}

/** Size of the largest tree that a final anchor holds, on whatever chain. */
export async function anchoredSize(queries: Queries, { anchors }: VerificationTables): Promise<number> {
  const [row] = await queries
    .select({ size: max(anchors.size) })
    .from(anchors)
    .where(and(eq(anchors.state, 'final'), eq(anchors.kind, 'checkpoint')))
  return Number(row?.size ?? 0)
}

/** The first checkpoint that no final anchor holds: since then leaves gather. */
export async function oldestUnanchored({ read, tables }: Db) {
  const { checkpoints } = tables
  const [found] = await read
    .select()
    .from(checkpoints)
    .where(gt(checkpoints.size, await anchoredSize(read, tables)))
    .orderBy(asc(checkpoints.size))
    .limit(1)
  return found
}

/** The anchor of a leaf: the first final one whose size exceeds its index. */
export async function anchorOfLeaf({ read, tables: { anchors, chains } }: Db, index: number) {
  const [found] = await read
    .select({ anchor: anchors, chain: chains })
    .from(anchors)
    .innerJoin(chains, eq(chains.id, anchors.chain))
    .where(and(eq(anchors.state, 'final'), eq(anchors.kind, 'checkpoint'), gt(anchors.size, index)))
    .orderBy(asc(anchors.size))
    .limit(1)
  return found
}

/** The newest final anchor. */
export async function newestAnchor({ read, tables: { anchors } }: Db): Promise<AnchorRow | undefined> {
  const [found] = await read
    .select()
    .from(anchors)
    .where(and(eq(anchors.state, 'final'), eq(anchors.kind, 'checkpoint')))
    .orderBy(desc(anchors.size))
    .limit(1)
  return found
}

export async function anchorById({ read, tables: { anchors } }: Db, id: string): Promise<AnchorRow | undefined> {
  const [found] = await read.select().from(anchors).where(eq(anchors.id, id))
  return found
}

/** The deployment that made a contract of ours. */
export async function deploymentOf({ read, tables: { anchors } }: Db, chain: string): Promise<AnchorRow | undefined> {
  const [found] = await read
    .select()
    .from(anchors)
    .where(and(eq(anchors.chain, chain), eq(anchors.kind, 'deployment'), inArray(anchors.state, ['final'])))
    .orderBy(desc(anchors.id))
    .limit(1)
  return found
}

/** Transactions that were final, by their nonces in order: at most a hundred of the lowest. */
export async function finalAttempts({ read, tables: { anchors } }: Db, chain: string, { from, below }: { from: number; below: number }): Promise<Attempt[]> {
  const rows = await read
    .select({ progress: anchors.progress })
    .from(anchors)
    .where(and(eq(anchors.chain, chain), eq(anchors.state, 'final')))
    .orderBy(desc(anchors.id))
    // Each anchor took one nonce, and the newest the highest.
    .limit(below - from)
  return rows
    .flatMap(({ progress }) => (progress.state === 'final' ? progress.attempts.filter(({ hash }) => hash === progress.mined.hash) : []))
    .filter(({ nonce }) => nonce >= from && nonce < below)
    .toSorted((one, other) => one.nonce - other.nonce)
    .slice(0, 100)
}

export async function saveAnchor(tx: Tx, row: AnchorRow): Promise<void> {
  await tx.insert(tx.tables.anchors).values(row).onConflictDoUpdate({ target: tx.tables.anchors.id, set: row })
}

/** This address on this chain, with what is known of it so far. */
export async function chainRow({ read, tables: { chains } }: Db, chainId: number, address: string): Promise<ChainRow> {
  const id = `${chainId}:${address}`
  const [row] = await read.select().from(chains).where(eq(chains.id, id))
  return row ?? { id, chainId, address, contractAddress: null, nextNonce: 0 }
}

export async function saveChain(tx: Tx, row: ChainRow): Promise<void> {
  await tx.insert(tx.tables.chains).values(row).onConflictDoUpdate({ target: tx.tables.chains.id, set: row })
}
