import { and, asc, eq, gt, inArray, isNotNull, isNull, max, min, ne } from 'drizzle-orm'
import { randomBytes } from 'node:crypto'
import { digestRoot } from '#platform/crypto/key-ring.ts'
import { installation, type OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import { dataKeysRotated, rotatedAtOnce, type RotatedSubject } from '#platform/reseal/data-keys-rotated.ts'
import { addResealStep } from '#platform/reseal/reseal-step.ts'
import type { KeyScope, RotationState } from '../contract.ts'
import type { IdentityContext } from '../identity-context.ts'
import { newestWrapped } from './data-keys.ts'
import { masterIdOf, type MasterKeys } from './master-keys.ts'

/** New versions of data keys, and the end of old ones: decision 0210. */
export interface KeyRotation {
  /**
   * Gives the installation or organizations a new version of their data keys, which is sealed with from then on. The same rotation
   * again makes none.
   */
  rotate(rotation: string, scope: KeyScope): Promise<number>
  report(module: string, report: { rotation: string; left: number; final: boolean }): Promise<void>
  /**
   * Destroys the versions before the newest. What digests are made with is kept.
   * @throws {Problem} `state-refused` while anything may be sealed with them; it says how much and where
   */
  retire(scope: KeyScope): Promise<number>
  /** Of the rotations whose older versions are not retired yet. */
  open(): Promise<RotationState[]>
}

type Context = Pick<IdentityContext, 'database' | 'keys' | 'now' | 'modules' | 'config'>

export function createKeyRotation({ database, keys, now, modules, config }: Context, masterKeys: MasterKeys): KeyRotation {
  const { dataKeys, resealReports } = database.tables
  const ttlMs = config.DATA_KEY_SECONDS * 1_000

  const inScope = (scope: KeyScope) =>
    'organizationId' in scope
      ? and(eq(dataKeys.kind, 'organization'), eq(dataKeys.subject, scope.organizationId))
      : scope.of === 'installation' ? eq(dataKeys.kind, 'installation') : ne(dataKeys.kind, 'recipient')

  /** Subjects of the scope with their newest version, in the order of their ids. */
  const newest = (scope: KeyScope, after: string) => database.read
    .select({ subject: dataKeys.subject, organizationId: max(dataKeys.organizationId), kind: max(dataKeys.kind), version: max(dataKeys.version) })
    .from(dataKeys)
    .where(and(inScope(scope), gt(dataKeys.subject, after), isNull(dataKeys.retiredAt)))
    .groupBy(dataKeys.subject)
    .orderBy(asc(dataKeys.subject))
    .limit(rotatedAtOnce)

  async function states(rotation?: string): Promise<RotationState[]> {
    const made = await database.read
      .select({ rotation: dataKeys.rotation, subject: dataKeys.subject, version: dataKeys.version, createdAt: dataKeys.createdAt })
      .from(dataKeys)
      .where(and(isNotNull(dataKeys.rotation), rotation === undefined ? undefined : eq(dataKeys.rotation, rotation)))
    const byRotation = [...Map.groupBy(made, (row) => row.rotation!)]
    const reports = byRotation.length === 0 ? [] : await database.read.select().from(resealReports)
    return byRotation.map(([id, rows]) => ({
      rotation: id,
      at: rows[0]!.createdAt.toISOString(),
      subjects: rows.map(({ subject, version }) => ({ subject, version })),
      modules: modules.map((module) => {
        const report = reports.find((one) => one.rotation === id && one.module === module)
        return { module, done: report?.finalAt != null && report.left === 0, ...(report && { left: report.left }) }
      }),
    }))
  }

  return {
    async rotate(rotation, scope) {
      const master = masterIdOf((await newestWrapped(database, installation))!)
      let rotated = 0
      let after = ''
      for (let page = 0; ; page++) {
        const found = await newest(scope, after)
        if (found.length === 0 && page === 0) throw new Problem('not-found', 'There is no organization of this id.')
        if (found.length === 0) return rotated
        after = found.at(-1)!.subject
        rotated += found.length
        const id = `${rotation}/${page}`
        const rows = found.map(({ subject, organizationId, kind, version }) => {
          const name = { subject, version: version! + 1, organizationId: organizationId as OrganizationId }
          const wrappedKey = masterKeys.wrap(master, name, randomBytes(32))
          return { ...name, kind: kind!, wrappedKey, rotation: id, createdAt: now() }
        })
        const subjects: RotatedSubject[] = rows.map(({ subject, version }) => ({ subject, version }))
        await keys.load([installation])
        await database.transaction(async (tx) => {
          const [known] = await tx.select({ subject: dataKeys.subject }).from(dataKeys).where(eq(dataKeys.rotation, id)).limit(1)
          if (known) return
          await tx.insert(dataKeys).values(rows)
          await tx.publish(dataKeysRotated, installation, { rotation: id, subjects })
          await addResealStep(tx, { rotation: id, subjects }, ttlMs)
          for (const { subject, version, organizationId } of rows)
            await tx.audit({ organizationId, action: 'data-key.rotated', target: subject, details: { version } })
        })
        for (const { subject } of subjects) keys.renew(subject)
      }
    },

    async report(module, { rotation, left, final }) {
      const [state] = await states(rotation)
      if (!state) throw new Problem('not-found', 'There was no such rotation of data keys.')
      const waitMs = Date.parse(state.at) + ttlMs - now().getTime()
      // By this clock alone: the other process's may differ.
      if (final && waitMs > 0)
        throw new Problem('unavailable', 'An older version may still be in memory; count again later.', { retryAfterSeconds: waitMs / 1_000 })
      const said = { left, finalAt: final ? now() : null, reportedAt: now() }
      await database.transaction(async (tx) => {
        const insert = tx.insert(resealReports).values({ rotation, module, ...said })
        // What was counted before the last word does not take it back.
        await (final
          ? insert.onConflictDoUpdate({ target: [resealReports.rotation, resealReports.module], set: said })
          : insert.onConflictDoUpdate({ target: [resealReports.rotation, resealReports.module], set: said, setWhere: isNull(resealReports.finalAt) }))
      })
    },

    async retire(scope) {
      let retired = 0
      let after = ''
      for (;;) {
        const found = await newest(scope, after)
        if (found.length === 0) return retired
        after = found.at(-1)!.subject
        const newestOf = new Map(found.map(({ subject, version }) => [subject, version!]))
        const rows = await database.read.select().from(dataKeys)
          .where(and(inArray(dataKeys.subject, [...newestOf.keys()]), isNull(dataKeys.retiredAt), isNotNull(dataKeys.wrappedKey)))
        const old = rows.filter(({ subject, version }) => version > 0 && version < newestOf.get(subject)!)
        const rotations = new Set(rows.filter((row) => row.version === newestOf.get(row.subject) && old.some(({ subject }) => subject === row.subject)).map((row) => row.rotation!))
        for (const rotation of rotations) refuseUnfinished(await states(rotation))
        const roots = old.filter(({ version }) => version === 1).map((row) => {
          const name = { subject: row.subject, organizationId: row.organizationId as OrganizationId }
          const root = digestRoot(masterKeys.unwrap({ ...name, version: 1 }, row.wrappedKey!))
          const wrappedKey = masterKeys.wrap(masterIdOf(row.wrappedKey!), { ...name, version: 0 }, root)
          return { ...name, version: 0, kind: row.kind, wrappedKey, createdAt: now() }
        })
        if (old.length > 0)
          await database.transaction(async (tx) => {
            if (roots.length > 0) await tx.insert(dataKeys).values(roots).onConflictDoNothing()
            for (const { subject, version, organizationId } of old) {
              const gone = await tx.update(dataKeys).set({ wrappedKey: null, retiredAt: now() })
                .where(and(eq(dataKeys.subject, subject), eq(dataKeys.version, version), isNull(dataKeys.retiredAt)))
                .returning({ subject: dataKeys.subject })
              if (gone.length > 0)
                await tx.audit({ organizationId: organizationId as OrganizationId, action: 'data-key.retired', target: subject, details: { version } })
            }
          })
        for (const { subject } of old) keys.renew(subject)
        retired += old.length
      }
    },

    async open() {
      const all = await states()
      const older = await database.read
        .select({ subject: dataKeys.subject, version: min(dataKeys.version) })
        .from(dataKeys)
        .where(and(ne(dataKeys.kind, 'recipient'), isNull(dataKeys.retiredAt), gt(dataKeys.version, 0)))
        .groupBy(dataKeys.subject)
      const oldest = new Map(older.map(({ subject, version }) => [subject, version!]))
      return all.filter(({ subjects }) => subjects.some(({ subject, version }) => (oldest.get(subject) ?? version) < version))
    },
  }
}

function refuseUnfinished(states: readonly RotationState[]): void {
  const left = states.flatMap(({ modules }) => modules.filter(({ done }) => !done))
  if (left.length === 0) return
  const each = left.map(({ module, left }) => `${module} (${left === undefined ? 'not counted yet' : `${left} left`})`)
  throw new Problem('state-refused', `Wait until everything is sealed with the new key: ${each.join(', ')}. Then retire again.`, {
    extensions: { left: left.map(({ module, left }) => ({ module, left: left ?? null })) },
  })
}
