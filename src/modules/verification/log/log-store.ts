import { and, asc, desc, eq, gt, inArray, isNull, or, placeholder, type SQL } from 'drizzle-orm'
import type { Database, Queries, Transaction } from '#platform/database/database.ts'
import { preparedQuery } from '#platform/database/prepared.ts'
import type { VerificationTables } from '../tables.ts'
import { hashLeaf } from './merkle-hash.ts'
import { appendLeaves, type ReadNodes } from './merkle-tree.ts'

/** Leaves of one commit. */
export const APPEND_AT_MOST = 200

const STATE = 'log'

/** Once for each leaf of a commit. */
const placeLeaf = preparedQuery<VerificationTables, { eventId: string; leafIndex: number }>()((queries, { leaves }) =>
  queries
    .update(leaves)
    .set({ leafIndex: placeholder('leafIndex') as unknown as SQL })
    .where(and(eq(leaves.eventId, placeholder('eventId')), isNull(leaves.leafIndex))))

/** Asked twice a second, also when nothing happens. */
const oneWaiting = preparedQuery<VerificationTables>()((queries, { leaves }) =>
  queries.select({ eventId: leaves.eventId }).from(leaves).where(isNull(leaves.leafIndex)).limit(1))

export interface StoredCheckpoint {
  readonly size: number
  readonly root: Uint8Array
  readonly note: string
  readonly createdAt: Date
}

/** Reads hashes of complete subtrees, in or outside a transaction. */
export const nodeReader = (queries: Queries, { nodes }: VerificationTables): ReadNodes => async (ids) => {
  const byLevel = [...Map.groupBy(ids, (id) => id.level)]
  const found = await queries
    .select()
    .from(nodes)
    .where(or(...byLevel.map(([level, of]) => and(eq(nodes.level, level), inArray(nodes.position, of.map(({ index }) => index))))))
  const hashes = new Map(found.map(({ level, position, hash }) => [`${level}/${position}`, hash]))
  return ids.map(({ level, index }) => {
    const hash = hashes.get(`${level}/${index}`)
    if (!hash) throw new Error(`The log has no hash for level ${level}, index ${index}`)
    return hash
  })
}

/** Number of committed leaves. */
export async function logSize(queries: Queries, { logState }: VerificationTables): Promise<number> {
  const [state] = await queries.select({ size: logState.size }).from(logState).where(eq(logState.id, STATE))
  return state?.size ?? 0
}

/** Makes the row that every append changes. */
export const prepareLog = (database: Database<VerificationTables>): Promise<void> =>
  database.transaction(async (tx) => {
    await tx.insert(tx.tables.logState).values({ id: STATE, size: 0 }).onConflictDoNothing()
  })

/** Whether leaves wait: reads only, so that an idle log keeps no writer busy. */
export const leavesWait = async (database: Database<VerificationTables>): Promise<boolean> =>
  (await database.run(oneWaiting, {})).length > 0

/**
 * Gives the leaves that wait their places, at most {@link APPEND_AT_MOST}, with every subtree that became complete. Places
 * are taken by a change of one row, so that of two appenders the second begins again with what the first left.
 * @returns how many
 */
export function appendWaiting(database: Database<VerificationTables>): Promise<number> {
  return database.transaction(async (tx) => {
    const { leaves } = tx.tables
    const waiting = await tx
      .select({ eventId: leaves.eventId, leaf: leaves.leaf })
      .from(leaves)
      .where(isNull(leaves.leafIndex))
      .orderBy(asc(leaves.arrival))
      .limit(APPEND_AT_MOST)
    if (waiting.length === 0) return 0
    await takePlaces(tx, await logSize(tx, tx.tables), waiting)
    return waiting.length
  })
}

/**
 * Gives these leaves the places from `before` on, with every subtree that became complete.
 * @throws when the log is not of that size any more
 */
export async function takePlaces(
  tx: Transaction<VerificationTables>,
  before: number,
  placed: readonly { readonly eventId: string; readonly leaf: Uint8Array }[],
): Promise<void> {
  const { nodes, logState } = tx.tables
  const appended = await appendLeaves(before, placed.map(({ leaf }) => hashLeaf(leaf)), nodeReader(tx, tx.tables))
  const moved = await tx
    .update(logState)
    .set({ size: appended.size })
    .where(and(eq(logState.id, STATE), eq(logState.size, before)))
    .returning({ size: logState.size })
  if (moved.length !== 1) throw new Error('The log was appended to by someone else; this one begins again.')
  for (const [i, { eventId }] of placed.entries()) await tx.run(placeLeaf, { eventId, leafIndex: before + i })
  await tx.insert(nodes).values(appended.nodes.map(({ level, index, hash }) => ({ level, position: index, hash })))
}

type NewLeaf = Pick<VerificationTables['leaves']['$inferSelect'], 'eventId' | 'credentialId' | 'organizationId' | 'leaf' | 'arrival'>

const insertLeaf = preparedQuery<VerificationTables, NewLeaf>()((queries, { leaves }) =>
  queries
    .insert(leaves)
    .values({
      eventId: placeholder('eventId'), credentialId: placeholder('credentialId'), organizationId: placeholder('organizationId'),
      leaf: placeholder('leaf'), arrival: placeholder('arrival'),
    })
    .onConflictDoNothing())

/** Event and credential of a leaf whose place is known and whose event has not come (again). */
export const recoveredName = (leaf: Uint8Array): string => `recovered:${Buffer.from(leaf).toString('hex')}`

const adoptLeaf = preparedQuery<VerificationTables, NewLeaf & { recovered: string }>()((queries, { leaves }) =>
  queries
    .update(leaves)
    .set({
      eventId: placeholder('eventId') as unknown as SQL, credentialId: placeholder('credentialId') as unknown as SQL,
      organizationId: placeholder('organizationId') as unknown as SQL, arrival: placeholder('arrival') as unknown as SQL,
    })
    .where(eq(leaves.eventId, placeholder('recovered')))
    .returning({ eventId: leaves.eventId }))

/**
 * Adds a leaf to those that wait, or gives its event to a leaf that was recovered; again with the same event or credential it
 * does nothing.
 */
export async function addLeaf(tx: Transaction<VerificationTables>, leaf: NewLeaf): Promise<void> {
  const adopted = await tx.run(adoptLeaf, { ...leaf, recovered: recoveredName(leaf.leaf) })
  if (adopted.length === 0) await tx.run(insertLeaf, leaf)
}

/** The newest signed checkpoint, or with `above` the newest of those that hold this leaf. */
export async function newestCheckpoint(
  { read, tables: { checkpoints } }: Database<VerificationTables>,
  above?: number,
): Promise<StoredCheckpoint | undefined> {
  const [newest] = await read
    .select()
    .from(checkpoints)
    .where(above === undefined ? undefined : gt(checkpoints.size, above))
    .orderBy(desc(checkpoints.size))
    .limit(1)
  return newest
}

/** Place and bytes of a credential's leaf; no index while it waits. */
export async function leafOfCredential({ read, tables: { leaves } }: Database<VerificationTables>, credentialId: string) {
  const [leaf] = await read
    .select({ index: leaves.leafIndex, leaf: leaves.leaf })
    .from(leaves)
    .where(eq(leaves.credentialId, credentialId))
  return leaf
}
