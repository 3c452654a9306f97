import { and, asc, eq, gt, gte, lt } from 'drizzle-orm'
import { z } from 'zod'
import { inContext } from '#platform/context.ts'
import { installation, OrganizationId } from '#platform/organization-id.ts'
import { defineStep, ONE_OF_MANY, type StepRunner } from '#platform/work/step.ts'
import { credentialAnchored } from '../events.ts'
import type { VerificationTables } from '../tables.ts'
import type { VerificationContext } from '../verification-context.ts'
import { anchorById } from './anchor-store.ts'

const AT_MOST = 200

/** Finds the organizations whose leaves a final anchor is the first to hold, and adds a step for each. */
export const announceAnchor = defineStep({
  kind: 'announce-anchor',
  input: z.object({ anchorId: z.string(), after: z.string() }),
  leaseMs: 30_000,
  concurrency: 1,
})

/** Publishes `credential.anchored` for the credentials of one organization, a piece at a time, in the order of the log. */
export const publishAnchored = defineStep({
  kind: 'publish-anchored',
  input: z.object({ anchorId: z.string(), fromIndex: z.number().int() }),
  leaseMs: 30_000,
  concurrency: 4,
})

export function createAnnounceRunner({ database }: VerificationContext): StepRunner<z.output<typeof announceAnchor.input>, VerificationTables> {
  return async ({ input: { anchorId, after } }) => {
    const { firstLeaf, size } = await finalAnchor(database, anchorId)
    const { leaves } = database.tables
    const found = await database.read
      .selectDistinct({ organizationId: leaves.organizationId })
      .from(leaves)
      .where(and(gte(leaves.leafIndex, firstLeaf), lt(leaves.leafIndex, size), gt(leaves.organizationId, after)))
      .orderBy(asc(leaves.organizationId))
      .limit(AT_MOST)
    // A step of the installation writes no organization's rows, so this is a transaction of its own; again, it adds nothing.
    await inContext({ actor: 'system' }, () =>
      database.transaction(async (tx) => {
        for (const { organizationId } of found) {
          const input = { anchorId, fromIndex: firstLeaf }
          await tx.addStep(publishAnchored, OrganizationId.parse(organizationId), `${anchorId}:${organizationId}:${firstLeaf}`, input, { priority: ONE_OF_MANY })
        }
      }))
    const last = found.at(-1)
    if (!last || found.length < AT_MOST) return undefined
    const input = { anchorId, after: last.organizationId }
    return (tx) => tx.addStep(announceAnchor, installation, `${anchorId}:${last.organizationId}`, input)
  }
}

export function createPublishRunner({ database, keys }: VerificationContext): StepRunner<z.output<typeof publishAnchored.input>, VerificationTables> {
  return async ({ organizationId, input: { anchorId, fromIndex } }) => {
    const { size, transactionHash } = await finalAnchor(database, anchorId)
    const { leaves, credentials } = database.tables
    const found = await database.read
      .select({ credentialId: leaves.credentialId, leafIndex: leaves.leafIndex, publicId: credentials.publicId })
      .from(leaves)
      .innerJoin(credentials, eq(credentials.id, leaves.credentialId))
      .where(and(eq(leaves.organizationId, organizationId), gte(leaves.leafIndex, fromIndex), lt(leaves.leafIndex, size)))
      .orderBy(asc(leaves.leafIndex))
      .limit(AT_MOST)
    await keys.load([organizationId])
    return async (tx) => {
      for (const { credentialId, publicId, leafIndex } of found) {
        const data = { credentialId, publicId, leafIndex: leafIndex!, checkpointSize: size, transactionHash: transactionHash! }
        await tx.publish(credentialAnchored, organizationId, data)
      }
      if (found.length === AT_MOST) {
        const next = found.at(-1)!.leafIndex! + 1
        await tx.addStep(publishAnchored, organizationId, `${anchorId}:${organizationId}:${next}`, { anchorId, fromIndex: next }, { priority: ONE_OF_MANY })
      }
    }
  }
}

async function finalAnchor(database: VerificationContext['database'], id: string) {
  const anchor = await anchorById(database, id)
  if (!anchor || anchor.state !== 'final') throw new Error('The anchor of this step is not final.')
  return { ...anchor, firstLeaf: anchor.firstLeaf ?? 0 }
}
