import { and, asc, desc, eq, gte, inArray, isNull, lt, lte } from 'drizzle-orm'
import { uuidv7 } from 'uuidv7'
import type { Database, Transaction } from '#platform/database/database.ts'
import { installation } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import type { VerificationTables } from '../tables.ts'
import type { Checkpoint } from './checkpoint.ts'
import { APPEND_AT_MOST, logSize, nodeReader, recoveredName, takePlaces } from './log-store.ts'
import { equalHashes, hashLeaf } from './merkle-hash.ts'
import { appendLeaves, type ReadNodes, rootAt, type TreeNode } from './merkle-tree.ts'

type Db = Database<VerificationTables>
type Tx = Transaction<VerificationTables>

/** A checkpoint of this log that was seen somewhere. */
export type SeenCheckpoint = Pick<Checkpoint, 'size' | 'root'> & {
  /** Where, for the sentence that a person reads: `in DATA_DIR`. */
  readonly where: string
}

/**
 * Keeps entries of the published log for the appender, which gives them their old places.
 * @param entries from index `from` on, at most a few thousand
 * @throws {Problem} state-refused when they are not those that stand here already
 */
export async function keepRecovered(database: Db, checkpoint: Checkpoint & { note: string }, from: number, entries: readonly Uint8Array[]): Promise<void> {
  const { leaves } = database.tables
  const here = await database.read
    .select({ index: leaves.leafIndex, leaf: leaves.leaf })
    .from(leaves)
    .where(and(gte(leaves.leafIndex, from), lt(leaves.leafIndex, from + entries.length)))
  for (const { index, leaf } of here)
    if (!equalHashes(leaf, entries[index! - from]!))
      throw new Problem('state-refused', `Another leaf stands here at ${index}: this log and the copy have parted, and it cannot go on.`)
  const known = new Set(here.map(({ index }) => index))
  const rows = entries.map((leaf, at) => ({ leafIndex: from + at, leaf })).filter(({ leafIndex }) => !known.has(leafIndex))
  for (let start = 0; start < rows.length; start += APPEND_AT_MOST)
    await database.transaction(async (tx) => {
      await tx.insert(tx.tables.recoveredLeaves).values(rows.slice(start, start + APPEND_AT_MOST)).onConflictDoNothing()
    })
  const { size, root, note } = checkpoint
  await database.transaction(async (tx) => {
    await tx.insert(tx.tables.publishedCheckpoints).values({ size, root, note }).onConflictDoNothing()
  })
}

/** Checkpoints that a backup or a person brought. */
export async function publishedCheckpoints({ read, tables: { publishedCheckpoints } }: Db): Promise<SeenCheckpoint[]> {
  const rows = await read.select().from(publishedCheckpoints).orderBy(asc(publishedCheckpoints.size))
  return rows.map(({ size, root }) => ({ size, root, where: 'in a copy of the log' }))
}

/**
 * Gives recovered leaves their places, as far as they lead to a published checkpoint: what does not lead to one is left
 * alone. Safe to break off at any point.
 * @returns how many leaves there are now
 */
export async function placeRecovered(database: Db): Promise<number> {
  const { read, tables } = database
  const size = await logSize(read, tables)
  const goal = (await reachable(database, size)) ?? size
  while ((await logSize(read, tables)) < goal) await database.transaction((tx) => placeNext(tx, goal))
  await takeOverCheckpoint(database, goal)
  const { recoveredLeaves } = tables
  const done = lt(recoveredLeaves.leafIndex, goal)
  if ((await read.$count(recoveredLeaves, done)) > 0) await database.transaction(async (tx) => void (await tx.delete(recoveredLeaves).where(done)))
  return goal
}

/** It was signed with this log's key, and shown: the newest that there is, until leaves come behind it. */
async function takeOverCheckpoint({ read, transaction, tables }: Db, size: number): Promise<void> {
  const { publishedCheckpoints, checkpoints } = tables
  const [published] = await read.select().from(publishedCheckpoints).where(eq(publishedCheckpoints.size, size))
  if (!published || (await read.$count(checkpoints, gte(checkpoints.size, size))) > 0) return
  const { root, note } = published
  await transaction(async (tx) => void (await tx.insert(checkpoints).values({ size, root, note, createdAt: new Date() }).onConflictDoNothing()))
}

/** The largest published size beyond this log to which the recovered leaves lead; checked before one of them is placed. */
async function reachable({ read, tables }: Db, size: number): Promise<number | undefined> {
  const { recoveredLeaves, publishedCheckpoints } = tables
  const [last] = await read.select().from(publishedCheckpoints).orderBy(desc(publishedCheckpoints.size)).limit(1)
  if (!last || last.size <= size) return undefined
  const more = await read
    .select()
    .from(recoveredLeaves)
    .where(and(gte(recoveredLeaves.leafIndex, size), lt(recoveredLeaves.leafIndex, last.size)))
    .orderBy(asc(recoveredLeaves.leafIndex))
  const whole = more.filter(({ leafIndex }, at) => leafIndex === size + at)
  const [goal] = await read
    .select()
    .from(publishedCheckpoints)
    .where(lte(publishedCheckpoints.size, size + whole.length))
    .orderBy(desc(publishedCheckpoints.size))
    .limit(1)
  if (!goal || goal.size <= size) return undefined
  const stored = nodeReader(read, tables)
  const { nodes } = await appendLeaves(size, whole.slice(0, goal.size - size).map(({ leaf }) => hashLeaf(leaf)), stored)
  return equalHashes(await rootAt(goal.size, withNew(stored, nodes)), goal.root) ? goal.size : undefined
}

/** Nodes that are not stored yet, and the stored ones below them. */
function withNew(stored: ReadNodes, added: readonly TreeNode[]): ReadNodes {
  const hashes = new Map(added.map(({ level, index, hash }) => [`${level}/${index}`, hash]))
  return async (ids) => {
    const old = ids.filter(({ level, index }) => !hashes.has(`${level}/${index}`))
    const read = old.length > 0 ? await stored(old) : []
    const found = new Map(old.map(({ level, index }, at) => [`${level}/${index}`, read[at]!]))
    return ids.map(({ level, index }) => hashes.get(`${level}/${index}`) ?? found.get(`${level}/${index}`)!)
  }
}

async function placeNext(tx: Tx, goal: number): Promise<void> {
  const { leaves, recoveredLeaves } = tx.tables
  const size = await logSize(tx, tx.tables)
  const next = await tx
    .select()
    .from(recoveredLeaves)
    .where(and(gte(recoveredLeaves.leafIndex, size), lt(recoveredLeaves.leafIndex, Math.min(goal, size + APPEND_AT_MOST))))
    .orderBy(asc(recoveredLeaves.leafIndex))
  if (next.length === 0) throw new Error('The recovered leaves are not there any more.')
  // Their events may have come already, and then they wait.
  const waiting = await tx
    .select({ eventId: leaves.eventId, leaf: leaves.leaf })
    .from(leaves)
    .where(and(isNull(leaves.leafIndex), inArray(leaves.leaf, next.map(({ leaf }) => leaf))))
  const eventOf = new Map(waiting.map(({ eventId, leaf }) => [recoveredName(leaf), eventId]))
  const missing = next.filter(({ leaf }) => !eventOf.has(recoveredName(leaf)))
  if (missing.length > 0)
    await tx.insert(leaves).values(missing.map(({ leaf }) => {
      const name = recoveredName(leaf)
      return { eventId: name, credentialId: name, organizationId: installation, leaf, arrival: uuidv7() }
    }))
  await takePlaces(tx, size, next.map(({ leaf }) => ({ eventId: eventOf.get(recoveredName(leaf)) ?? recoveredName(leaf), leaf })))
}
