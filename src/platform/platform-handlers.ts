import { verifyAudit } from './audit/verify-audit.ts'
import type { Handlers } from './contract.ts'
import type { PlatformDatabase } from './database/transaction.ts'
import { readPage, readRange } from './events/outbox.ts'
import { listParked, retryParked, skipParked } from './events/parked.ts'
import { replay } from './events/replay.ts'
import type { FetchPage } from './events/subscription.ts'
import type { platformContract } from './platform-operations.ts'
import { listSteps, retryDeadSteps } from './work/maintenance.ts'

type PlatformContract = ReturnType<typeof platformContract<string>>

/** Answers the platform's operations out of one module's database. */
export function platformHandlers(database: PlatformDatabase, fetchPage: FetchPage): Handlers<PlatformContract> {
  return {
    storedEvents: async (range) => ({ events: await readRange(database, range) }),
    storedEventPage: async (page) => ({ events: await readPage(database, page) }),
    replayEvents: ({ since, ...name }) =>
      replay({ database, fetchPage, ...name, ...(since !== undefined && { since: new Date(since) }) }),
    async steps({ state, kind, after, limit }) {
      const filter = { ...(state && { state }), ...(kind !== undefined && { kind }) }
      const { steps, next } = await listSteps(database, filter, { limit, ...(after !== undefined && { cursor: after }) })
      return {
        steps: steps.map((step) => ({ ...step, dueAt: step.dueAt.toISOString() })),
        ...(next !== undefined && { next }),
      }
    },
    retrySteps: async ({ id, kind }) => ({
      retried: await retryDeadSteps(database, id === undefined ? { ...(kind !== undefined && { kind }) } : { id }),
    }),
    parkedKeys: async ({ limit }) => ({
      parked: (await listParked(database, { limit })).map(({ name, ...parked }) => ({ ...parked, event: name })),
    }),
    releaseParked: async ({ skip, ...name }) => ({
      released: await (skip ? skipParked(database, name) : retryParked(database, name)),
    }),
    verifyAudit: async () => {
      const report = await verifyAudit(database)
      return { ...report, broken: [...report.broken] }
    },
  }
}
