import { chainHashes, chainHeads, noteRestoration } from './audit/chain-heads.ts'
import { listAudit } from './audit/list-audit.ts'
import { verifyAudit } from './audit/verify-audit.ts'
import { contradictedChains, keepHeads, witnessedHeads } from './audit/witness.ts'
import type { Contract, Handlers } from './contract.ts'
import { eventBacklog } from './events/backlog.ts'
import { readNumbered, readPage, readRange, relayedEvents } from './events/outbox.ts'
import { listParked, retryParked, skipParked } from './events/parked.ts'
import { replay } from './events/replay.ts'
import type { FetchPage } from './events/subscription.ts'
import type { CheckedPage, ModuleParts } from './module.ts'
import type { OrganizationId } from './organization-id.ts'
import type { platformContract } from './platform-operations.ts'
import { Problem } from './problem.ts'
import type { ModuleLoad } from './telemetry/advise-rules.ts'
import { moduleTimeline, type TimelineSources } from './timeline.ts'
import { stepBacklog } from './work/step-backlog.ts'
import { listSteps, retryDeadSteps } from './work/maintenance.ts'

type PlatformContract = ReturnType<typeof platformContract<string>>

/** Answers the platform's operations out of one module's database. */
export function platformHandlers(
  sources: TimelineSources,
  fetchPage: FetchPage,
  measured: () => Promise<ModuleLoad>,
  check: (after: string | undefined) => Promise<CheckedPage>,
  usage: ModuleParts<Contract, unknown>['usage'],
): Omit<Handlers<PlatformContract>, 'countSealed'> {
  const { database } = sources
  return {
    storedEvents: async (range) => ({ events: await readRange(database, range) }),
    storedEventPage: async (page) => ({ events: await readPage(database, page) }),
    relayedEvents: async (page) => ({ events: await relayedEvents(database, page) }),
    numberedEvents: async ({ family, numbers }) => ({ events: await readNumbered(database, family, numbers) }),
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
    backlog: async () => ({
      events: await eventBacklog(database),
      steps: await Promise.all(sources.kinds.map((kind) => stepBacklog(database, kind))),
    }),
    releaseParked: async ({ skip, ...name }) => ({
      released: await (skip ? skipParked(database, name) : retryParked(database, name)),
    }),
    async load() {
      const load = await measured()
      return { ...load, hosted: [...load.hosted] }
    },
    usage: async ({ organizationId, month }) => (usage ? { credentials: await usage(organizationId as OrganizationId, month) } : {}),
    timeline: (asked) => moduleTimeline(sources, asked),
    auditEntries: async (filter) => ({ entries: await listAudit(database, filter) }),
    verifyAudit: async () => {
      const report = await verifyAudit(database)
      return { ...report, broken: [...report.broken] }
    },
    auditHeads: (page) => chainHeads(database, page),
    auditHashes: async ({ at }) => ({ hashes: await chainHashes(database, at) }),
    witnessedHeads: async (page) => ({ heads: await witnessedHeads(database, page) }),
    async keepAuditHeads(told, { caller }) {
      if (caller !== told.module) throw new Problem('forbidden', 'Tell of your own chains: a module is the witness of what others say themselves.')
      return { held: await keepHeads(database, told) }
    },
    contradictedChains: async () => ({ chains: await contradictedChains(database, 1_000) }),
    async noteRestoration({ reason }) {
      await noteRestoration(database, { reason })
      return {}
    },
    async checkStored({ after }) {
      const { checked, faults, next } = await check(after)
      return { checked, faults: [...faults], ...(next !== undefined && { next }) }
    },
  }
}
