import type { Logger } from 'pino'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { z } from 'zod'
import type { AuthorityClient } from '../authority-operations.ts'
import { blobPlace, type SealedFiles } from '../blobs/sealed-blobs.ts'
import { inContext } from '../context.ts'
import { sealedSubject } from '../crypto/envelope.ts'
import type { KeyRing } from '../crypto/key-ring-types.ts'
import type { Schema } from '../database/schema.ts'
import { countBeginning, sealedColumns } from '../database/sealed-columns.ts'
import type { Transaction } from '../database/database.ts'
import type { PlatformDatabase } from '../database/transaction.ts'
import { runStep, type StepBinding, subscribe, type Subscription } from '../module.ts'
import { installation, OrganizationId } from '../organization-id.ts'
import { defineStep } from '../work/step.ts'
import { dataKeysRotated, type RotatedSubject } from './data-keys-rotated.ts'
import { beginningsBefore, resealColumn } from './reseal-column.ts'

const input = dataKeysRotated.data

/** Seals anew what a module has under older versions. Begins when every process has the new one. */
export const resealStep = defineStep({ kind: 'reseal', input, leaseMs: 60_000, concurrency: 1 })
/** Looks again when no process can have an older version any more, and reports. */
export const confirmResealedStep = defineStep({ kind: 'confirm-resealed', input, leaseMs: 60_000, concurrency: 1 })

export interface ResealContext {
  readonly module: string
  readonly schema: Schema
  readonly database: PlatformDatabase
  readonly files: SealedFiles
  readonly keys: KeyRing
  readonly authority: AuthorityClient
  /** How long a process may hold a data key. */
  readonly ttlMs: number
  readonly log: Logger
}

/** What a module has under the versions before these, in its own columns and files. */
export async function countSealedBefore(
  { schema, database, files }: Pick<ResealContext, 'schema' | 'database' | 'files'>,
  subjects: readonly RotatedSubject[],
): Promise<number> {
  const beginnings = beginningsBefore(subjects)
  let left = 0
  for (const where of sealedColumns(schema)) left += await countBeginning(database, where, beginnings)
  for await (const _ of filesBefore(files, subjects)) left++
  return left
}

/** Steps of the platform in every module, and what begins them. */
export function createReseal(context: ResealContext): { steps: StepBinding<unknown>[]; subscription: (publisher: string) => Subscription<unknown> } {
  const { module, database, keys, authority, ttlMs, log } = context

  async function pass(subjects: readonly RotatedSubject[], renewLease: () => Promise<void>): Promise<number> {
    const load = async () => {
      await keys.load(subjects.map(({ subject }) => subject))
    }
    let renewedAt = performance.now()
    const turn = async () => {
      // Whoever waits for an answer goes first.
      await nextTurn()
      if (performance.now() - renewedAt < 15_000) return
      await renewLease()
      renewedAt = performance.now()
    }
    for (const { subject } of subjects) keys.renew(subject)
    const beginnings = beginningsBefore(subjects)
    let done = 0
    for (const where of sealedColumns(context.schema))
      done += await resealColumn(database, where, beginnings, { keys, load, turn })
    for await (const name of filesBefore(context.files, subjects)) {
      await turn()
      await load()
      const sealed = await context.files.get(name)
      // Deleted meanwhile.
      if (!sealed) continue
      const { subject } = sealedSubject(sealed)
      const place = blobPlace(module, name, OrganizationId.parse(subject))
      await context.files.replace(name, keys.seal(subject, place, keys.open(place, sealed)))
      done++
    }
    return done
  }

  const later = (ms: number) => ({ dueAt: new Date(Date.now() + ms) })

  return {
    steps: [
      runStep(resealStep, ({ input: { rotation, subjects }, renewLease }) => inContext({}, async () => {
        await authority.reportResealed({ rotation, left: await countSealedBefore(context, subjects), final: false })
        const resealed = await pass(subjects, renewLease)
        log.info({ rotation, resealed }, 'values are sealed with the new data keys')
        return (tx: Transaction) => tx.addStep(confirmResealedStep, installation, rotation, { rotation, subjects }, later(ttlMs))
      })),
      runStep(confirmResealedStep, ({ input: { rotation, subjects }, renewLease }) => inContext({}, async () => {
        await pass(subjects, renewLease)
        const left = await countSealedBefore(context, subjects)
        await authority.reportResealed({ rotation, left, final: true })
        if (left > 0) throw new Error('Something is still sealed with an older key.')
      })),
    ],
    subscription: (publisher) => subscribe(publisher, dataKeysRotated, async ({ data }) => {
      for (const { subject } of data.subjects) keys.renew(subject)
      return (tx) => addResealStep(tx, data, ttlMs)
    }),
  }
}

/** In the transaction that learns of the new versions. */
export const addResealStep = (
  tx: Pick<Transaction, 'addStep'>,
  rotated: z.output<typeof input>,
  ttlMs: number,
): Promise<void> => tx.addStep(resealStep, installation, rotated.rotation, rotated, { dueAt: new Date(Date.now() + ttlMs) })

/** Files that begin like an older version of a subject. They are read no further. */
async function* filesBefore(files: SealedFiles, subjects: readonly RotatedSubject[]): AsyncGenerator<string> {
  const newest = new Map(subjects.map(({ subject, version }) => [subject, version]))
  for await (const name of files.list()) {
    const head = await files.head(name)
    if (!head) continue
    const { subject, keyVersion } = sealedSubject(head)
    if (keyVersion < (newest.get(subject) ?? 0)) yield name
  }
}
