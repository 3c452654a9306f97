import { and, asc, count, countDistinct, eq, gt, gte, isNotNull, lt, not, or } from 'drizzle-orm'
import { z } from 'zod'
import { inContext } from '#platform/context.ts'
import { recordKeyCheck } from '#platform/crypto/master-key.ts'
import { installation, type OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import { defineStep, type StepRunner } from '#platform/work/step.ts'
import type { IdentityContext } from '../identity-context.ts'
import { wrappedBeginning } from './data-key-wrapping.ts'
import { newestWrapped } from './data-keys.ts'
import { masterIdOf, type MasterKeys } from './master-keys.ts'

const input = z.object({ to: z.string() })

/** Wraps anew every data key that another master key than this wraps. */
export const rewrapStep = defineStep({ kind: 'rewrap-data-keys', input, leaseMs: 60_000, concurrency: 1 })

/** One master key takes the place of another: decision 0210. */
export interface MasterRotation {
  status(): Promise<{
    masterKeys: { id: string; active: boolean; configured: boolean; wraps: number }[]
    dataKeys: { kind: string; subjects: number; versions: number }[]
  }>
  rotate(): Promise<{ active: string; left: number }>
  runRewrap: StepRunner<z.output<typeof input>>
  retire(): Promise<{ active: string }>
  /** Writes down which master keys are needed here: once the database was opened with them. */
  remember(): Promise<void>
}

const atOnce = 200

/** The first bytes that are behind all that begin so: it ends with the number of a version, which is not the last of all. */
const behind = (beginning: Uint8Array): Uint8Array => Uint8Array.from([...beginning.subarray(0, -1), beginning.at(-1)! + 1])

export function createMasterRotation(
  { database, now, config }: Pick<IdentityContext, 'database' | 'now' | 'config'>, masterKeys: MasterKeys,
): MasterRotation {
  const { dataKeys } = database.tables

  const activeId = async (): Promise<string> => masterIdOf((await newestWrapped(database, installation))!)
  /** Bytes are compared one by one in both databases, so what begins alike stands together. */
  const wrappedBy = (id: string) => and(gte(dataKeys.wrappedKey, wrappedBeginning(id)), lt(dataKeys.wrappedKey, behind(wrappedBeginning(id))))!
  const wrappedByOther = (id: string) => and(isNotNull(dataKeys.wrappedKey), not(wrappedBy(id)))

  /** Of each master key, the configured and whatever else there is. */
  async function wraps(): Promise<Map<string, number>> {
    const found = new Map<string, number>()
    let ids: string[] = masterKeys.ids()
    while (ids.length > 0) {
      for (const id of ids) found.set(id, Number(await database.read.$count(dataKeys, wrappedBy(id))))
      const [other] = await database.read
        .select({ wrappedKey: dataKeys.wrappedKey })
        .from(dataKeys)
        .where(and(isNotNull(dataKeys.wrappedKey), ...[...found.keys()].map((id) => not(wrappedBy(id)))))
        .limit(1)
      ids = other ? [masterIdOf(other.wrappedKey!)] : []
    }
    return new Map([...found].filter(([, count]) => count > 0))
  }

  const leftFor = async (id: string): Promise<number> =>
    [...(await wraps())].reduce((sum, [other, found]) => sum + (other === id ? 0 : found), 0)

  async function rewrapInstallation(to: string): Promise<void> {
    const rows = await database.read.select().from(dataKeys).where(and(eq(dataKeys.subject, installation), wrappedByOther(to)))
    const anew = rows.map((row) => rewrapped(row, to))
    await database.transaction(async (tx) => {
      for (const one of anew) await replace(tx, one)
      // A second time on the same way back would find the step of the first.
      await tx.addStep(rewrapStep, installation, `${to}:${now().getTime()}`, { to })
      await tx.audit({ organizationId: installation, action: 'master-key.rotated', target: to })
    })
  }

  type Row = typeof dataKeys.$inferSelect
  function rewrapped({ subject, version, organizationId, wrappedKey }: Row, to: string) {
    const name = { subject, version, organizationId: organizationId as OrganizationId }
    return { ...name, wrappedKey: wrappedKey!, anew: masterKeys.wrap(to, name, masterKeys.unwrap(name, wrappedKey!)) }
  }
  /** An erasure that came in between stays one. */
  const replace = (
    tx: Parameters<Parameters<typeof database.transaction>[0]>[0],
    { subject, version, wrappedKey, anew }: ReturnType<typeof rewrapped>,
  ) => tx.update(dataKeys).set({ wrappedKey: anew })
    .where(and(eq(dataKeys.subject, subject), eq(dataKeys.version, version), eq(dataKeys.wrappedKey, wrappedKey)))

  async function remember(): Promise<void> {
    const active = await activeId()
    const needed = [active, ...[...(await wraps()).keys()].filter((id) => id !== active)]
    recordKeyCheck(config.DATA_DIR, needed.map((id) => masterKeys.key(id)).filter((key) => key !== undefined))
  }

  return {
    remember,

    async status() {
      const [active, found] = [await activeId(), await wraps()]
      const ids = [...new Set([active, ...masterKeys.ids(), ...found.keys()])]
      const kinds = await database.read
        .select({ kind: dataKeys.kind, subjects: countDistinct(dataKeys.subject), versions: count() })
        .from(dataKeys)
        .where(and(isNotNull(dataKeys.wrappedKey), gt(dataKeys.version, 0)))
        .groupBy(dataKeys.kind)
        .orderBy(asc(dataKeys.kind))
      return {
        masterKeys: ids.map((id) => ({ id, active: id === active, configured: masterKeys.key(id) !== undefined, wraps: found.get(id) ?? 0 })),
        dataKeys: kinds.map(({ kind, subjects, versions }) => ({ kind, subjects: Number(subjects), versions: Number(versions) })),
      }
    },

    async rotate() {
      masterKeys.reread()
      const [to] = masterKeys.ids() as [string]
      if (masterKeys.key(await activeId()) === undefined)
        throw new Problem('state-refused', 'Set MASTER_KEY_PREVIOUS to the master key that wraps the data keys until now, restart, and rotate again.')
      if ((await activeId()) !== to) await rewrapInstallation(to)
      await remember()
      return { active: to, left: await leftFor(to) }
    },

    // Without the installation as context, so that the rows of all organizations are seen.
    runRewrap: ({ input: { to }, renewLease, signal }) => inContext({}, async () => {
      // The operator has turned round meanwhile.
      if ((await activeId()) !== to) return
      let after = { subject: '', version: -1 }
      while (!signal.aborted) {
        const rows = await database.read.select().from(dataKeys)
          .where(and(wrappedByOther(to), or(gt(dataKeys.subject, after.subject), and(eq(dataKeys.subject, after.subject), gt(dataKeys.version, after.version)))))
          .orderBy(asc(dataKeys.subject), asc(dataKeys.version)).limit(atOnce)
        if (rows.length === 0) break
        after = rows.at(-1)!
        const anew = rows.map((row) => rewrapped(row, to))
        await database.transaction(async (tx) => {
          for (const one of anew) await replace(tx, one)
        }, { background: true })
        await renewLease()
      }
    }),

    async retire() {
      const active = await activeId()
      const left = await leftFor(active)
      if (left > 0)
        throw new Problem('state-refused', `Wait until the ${left} data keys that another master key wraps are wrapped anew; if none is under way, rotate again.`, { extensions: { left } })
      await remember()
      await database.transaction((tx) => tx.audit({ organizationId: installation, action: 'master-key.retired', target: active }))
      return { active }
    },
  }
}
