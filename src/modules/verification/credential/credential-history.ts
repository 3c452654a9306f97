import { asc, eq, gt, inArray } from 'drizzle-orm'
import type { Fact, FindHistory } from '#platform/timeline.ts'
import { anchorOfLeaf } from '../anchor/anchor-store.ts'
import type { VerificationContext } from '../verification-context.ts'

type History = Pick<VerificationContext, 'database'>

/** What became of credentials in the projection, in the log and on the chain. */
export const createCredentialHistory = ({ database }: History): FindHistory => async (ids) => {
  const { credentials, leaves } = database.tables
  const rows = await database.read
    .select({ credential: credentials, leaf: { arrival: leaves.arrival, index: leaves.leafIndex } })
    .from(credentials)
    .leftJoin(leaves, eq(leaves.credentialId, credentials.id))
    .where(inArray(credentials.id, [...ids]))
    .limit(100)
  const facts: Fact[] = []
  for (const { credential, leaf } of rows) {
    const { id, status, statusChangedAt, erasedAt } = credential
    if (statusChangedAt !== null) facts.push({ at: statusChangedAt, what: `shown as ${status}`, details: { credentialId: id } })
    if (erasedAt !== null) facts.push({ at: erasedAt, what: 'erased', details: { credentialId: id } })
    if (leaf) facts.push(...(await leafFacts({ database }, leaf)))
  }
  return {
    ids: rows.map(({ credential: { publicId } }) => publicId),
    ...(rows[0] && { organizationId: rows[0].credential.organizationId }),
    facts,
  }
}

async function leafFacts({ database }: History, { arrival, index }: { arrival: string; index: number | null }): Promise<Fact[]> {
  const arrived: Fact = { at: timeOf(arrival), what: 'leaf arrived', details: index === null ? {} : { leafIndex: index } }
  if (index === null) return [arrived]
  const { checkpoints } = database.tables
  const [[checkpoint], anchored] = await Promise.all([
    database.read
      .select({ size: checkpoints.size, at: checkpoints.createdAt })
      .from(checkpoints)
      .where(gt(checkpoints.size, index))
      .orderBy(asc(checkpoints.size))
      .limit(1),
    anchorOfLeaf(database, index),
  ])
  return [
    arrived,
    ...(checkpoint ? [{ at: checkpoint.at, what: 'in a signed checkpoint', details: { size: checkpoint.size } }] : []),
    ...(anchored?.anchor.finalAt ? [{
      at: anchored.anchor.finalAt,
      what: 'anchored',
      details: {
        size: anchored.anchor.size, chain: anchored.chain.id, transaction: anchored.anchor.transactionHash ?? '',
        block: anchored.anchor.blockNumber ?? 0,
      },
    }] : []),
  ]
}

/** The milliseconds at the beginning of a UUIDv7 (RFC 9562, section 5.7). */
const timeOf = (uuid: string): Date => new Date(Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16))
