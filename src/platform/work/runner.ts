import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { inContext } from '../context.ts'
import type { PlatformDatabase } from '../database/transaction.ts'
import { failpoint } from '../failpoints.ts'
import type { StepBinding } from '../module.ts'
import { OrganizationId } from '../organization-id.ts'
import { span } from '../telemetry/trace.ts'
import { bell } from './bell.ts'
import type { Effect } from './bulk-commits.ts'
import { claimSteps, type LeasedStep } from './claim.ts'
import type { Doorbell } from './doorbell.ts'
import { classifyFailure, describeFailure, type RetryPolicy } from './retry-rules.ts'
import { createSingleWork, type SingleWork } from './single-work.ts'
import { type ClaimedStep, Refused } from './step.ts'
import {
  failStep, LeaseLost, outlook, reclaimLeases, releaseLeases, renewLeases, resumeKind, stepCompletions,
} from './steps.ts'

export type StepOutcome = 'done' | 'retried' | 'dead' | 'lease-lost' | 'released'

export interface RunnerOptions<T> {
  readonly database: PlatformDatabase<T>
  readonly bindings: readonly StepBinding<T>[]
  readonly policy: RetryPolicy
  readonly doorbell: Doorbell
  /** Shared by all that this process does; one of its own unless told. */
  readonly singleWork?: SingleWork
  readonly log: Logger
  /** How often it looks without being rung; 1 s unless told. */
  readonly sweepMs?: number
  /** How long a stop waits for running steps before it aborts them and gives their leases back; 10 s unless told. */
  readonly drainMs?: number
  /** Told of each outcome, for metrics. */
  readonly onOutcome?: (what: { kind: string; outcome: StepOutcome; durationMs: number }) => void
}

export interface Runner {
  start(): Promise<void>
  /** Claims nothing more, drains, then aborts and releases what is left. */
  stop(): Promise<void>
}

interface Running {
  readonly id: string
  readonly token: string
  /** One of many. */
  readonly bulk: boolean
  readonly abort: AbortController
  /** When the lease was last known to be held, on the monotonic clock. */
  heldAt: number
  done: Promise<void>
}

/** One kind of step in this process. */
interface Lane<T> {
  readonly binding: StepBinding<T>
  /** Leased and without an outcome on record. */
  readonly running: Map<string, Running>
  /** Those of them that only wait for their commit, and leave their place to the next. */
  committing: number
  readonly rung: ReturnType<typeof bell>
  /** When to look into the database again, and when that was done last, on the monotonic clock. */
  lookAt: number
  lookedAt: number
  /** The last claim filled every slot: there is probably more. */
  hungry: boolean
  /** The last claim was of many alone. */
  bulk: boolean
  /** The other side was away last time. */
  probing: boolean
  lastOrganization: string
}

/** Runs one module's steps in this process: claims what SQL says is due, runs it, and commits what came of it. */
export function createRunner<T>(options: RunnerOptions<T>): Runner {
  const { database, policy, doorbell, singleWork = createSingleWork(), log, sweepMs = 1_000, drainMs = 10_000 } = options
  const lanes = new Map<string, Lane<T>>()
  for (const binding of options.bindings) {
    const { kind } = binding.definition
    if (lanes.has(kind)) throw new Error(`The step kind ${kind} of ${database.module} is bound twice.`)
    lanes.set(kind, {
      binding, running: new Map(), committing: 0, rung: bell(), lookAt: 0, lookedAt: Number.NEGATIVE_INFINITY,
      hungry: false, bulk: false, probing: false, lastOrganization: '',
    })
  }
  const complete = stepCompletions(database)
  const stopped = new AbortController()
  let loops: Promise<unknown> | undefined
  let renewals: NodeJS.Timeout | undefined
  let silence = () => {}

  async function lookForWork(lane: Lane<T>): Promise<void> {
    while (!stopped.signal.aborted) {
      const waitMs = nextLook(lane, singleWork) - performance.now()
      if (waitMs > 0) await lane.rung.wait(Math.min(waitMs, sweepMs), stopped.signal)
      else await look(lane)
    }
  }

  /** Claims for one kind as much as there is room for, and sets when to look again. */
  async function look(lane: Lane<T>): Promise<void> {
    const { kind, leaseMs } = lane.binding.definition
    // Before the reading, so that a ring in the meantime is not overwritten.
    lane.lookedAt = performance.now()
    lane.lookAt = lane.lookedAt + sweepMs
    const lookIn = (ms: number | undefined) => {
      if (ms !== undefined) lane.lookAt = Math.min(lane.lookAt, performance.now() + Math.max(ms, 1))
    }
    try {
      const seen = await outlook(database.raw, kind)
      lane.probing = seen.probing
      lane.hungry = false
      if (seen.leaseEndsInMs !== undefined && seen.leaseEndsInMs <= 0) {
        await reclaimLeases(database, kind)
        return lookIn(0)
      }
      lookIn(seen.leaseEndsInMs)
      if (seen.pausedForMs > 0) return lookIn(seen.pausedForMs)
      if (seen.dueInMs === undefined) return
      if (seen.dueInMs > 0) return lookIn(seen.dueInMs)
      const limit = seen.probing ? 1 - lane.running.size : free(lane)
      if (limit <= 0) return
      const token = randomUUID()
      const bulkLimit = seen.probing ? limit : roomForBulk(lane)
      const claim = await claimSteps(database, { kind, leaseMs, limit, bulkLimit, after: lane.lastOrganization, token })
      // Due and yet not to be had: another process was quicker.
      if (claim.steps.length === 0) {
        // Or what is due is one of many, and they have all the places that they may: the next of them that is done looks again.
        lane.hungry = bulkLimit < limit
        return lookIn(singleWork.hasRightOfWay() ? momentMs : bulkLimit > 0 ? 100 : undefined)
      }
      lane.lastOrganization = claim.lastOrganization
      const bulk = claim.steps.filter(({ priority }) => priority > 0).length
      lane.hungry = claim.steps.length === limit || (bulk > 0 && bulk >= bulkLimit)
      lane.bulk = bulk === claim.steps.length
      for (const row of claim.steps) startStep(lane, row, token)
      lookIn(0)
    } catch (error) {
      log.error({ kind, error: describeFailure(error) }, 'steps could not be claimed')
    }
  }

  function startStep(lane: Lane<T>, row: LeasedStep, token: string): void {
    const running: Running = {
      id: row.id, token, bulk: row.priority > 0, abort: new AbortController(), heldAt: performance.now(), done: Promise.resolve(),
    }
    lane.running.set(row.id, running)
    const isSingle = !running.bulk && placesForSingle(lane) > 0
    if (isSingle) singleWork.begin()
    const { kind } = lane.binding.definition
    const startedAt = performance.now()
    running.done = runStep(lane, row, running).catch((error: unknown): StepOutcome => {
      // The lease runs out and the step is claimed again.
      log.error({ kind, step: row.id, error: describeFailure(error) }, 'the outcome of a step could not be recorded')
      return 'lease-lost'
    }).then((outcome) => {
      lane.running.delete(row.id)
      if (isSingle) singleWork.end()
      makeRoom(lane)
      options.onOutcome?.({ kind, outcome, durationMs: performance.now() - startedAt })
    })
  }

  /** How many more that are one of many. */
  const roomForBulk = (lane: Lane<T>): number => {
    const room = Math.max(0, free(lane) - placesForSingle(lane))
    if (placesForSingle(lane) === 0 || !singleWork.isAround()) return room
    const running = [...lane.running.values()].filter(({ bulk }) => bulk).length
    return singleWork.hasRightOfWay() ? 0 : Math.max(0, Math.min(room, bulkBesideSingle - running))
  }

  const makeRoom = (lane: Lane<T>) => {
    if (lane.hungry && roomForBulk(lane) > 0) lane.lookAt = 0
    lane.rung.ring()
  }

  async function commit(lane: Lane<T>, running: Running, effect: Effect<T>): Promise<void> {
    lane.committing++
    makeRoom(lane)
    try {
      await complete(running, effect)
    } finally {
      lane.committing--
    }
  }

  async function runStep(lane: Lane<T>, row: LeasedStep, running: Running): Promise<StepOutcome> {
    const { definition, runner, givenUp } = lane.binding
    const organizationId = OrganizationId.parse(row.organizationId)
    const context = {
      organizationId,
      actor: `module:${database.module}`,
      ...(row.traceparent === null ? {} : { traceparent: row.traceparent }),
    }
    const step = (): ClaimedStep => ({
      id: row.id,
      kind: row.kind,
      key: row.key,
      organizationId,
      input: definition.input.parse(row.input),
      attempts: row.attempts,
      starts: row.starts,
      signal: running.abort.signal,
      renewLease: () => renew(lane, [running]),
    })
    try {
      await inContext(context, () => span(`step ${row.kind}`, { 'vellum.module': database.module }, async () => {
        // It stopped every process that tried it.
        if (row.starts > policy.maxStarts) throw new Refused(`Its process ended ${policy.maxStarts} times while it ran.`)
        const effect = await runner(step())
        failpoint('after-effect')
        await commit(lane, running, effect)
        log.debug({ kind: row.kind, step: row.id }, 'a step is done')
      }))
    } catch (error) {
      if (error instanceof LeaseLost) return 'lease-lost'
      // Stopped from outside: no fault of the item, and the stop gives the lease back.
      if (stopped.signal.aborted && running.abort.signal.aborted) return 'released'
      let failure: unknown = error
      const record = await inContext(context, async () => givenUp?.(step(), describeFailure(error)))
        .catch((cause: unknown) => void (failure = cause))
      const outcome = await inContext(context, () => failStep(database, policy, running, failure, record ?? undefined))
      const fields = { kind: row.kind, step: row.id, outcome, error: describeFailure(error) }
      // The line names the trace that the step belongs to.
      inContext(context, () => {
        if (classifyFailure(error).kind === 'unavailable') log.info(fields, 'a step waits for the other side')
        else log.warn(fields, 'a step failed')
      })
      lane.lookAt = 0
      return outcome
    }
    if (lane.probing) await resumeKind(database, row.kind)
    return 'done'
  }

  async function renew(lane: Lane<T>, wanted: readonly Running[]): Promise<void> {
    const { leaseMs } = lane.binding.definition
    const asked = performance.now()
    try {
      const held = await renewLeases(database, wanted, leaseMs)
      for (const running of wanted) {
        if (held.has(running.id)) running.heldAt = asked
        else if (lane.running.get(running.id) === running) running.abort.abort(new LeaseLost())
      }
    } catch (error) {
      log.error({ error: describeFailure(error) }, 'leases could not be renewed')
      for (const running of wanted) {
        if (performance.now() - running.heldAt > leaseMs) running.abort.abort(new LeaseLost())
      }
    }
  }

  const renewDue = () => {
    for (const lane of lanes.values()) {
      const old = performance.now() - lane.binding.definition.leaseMs / 3
      const due = [...lane.running.values()].filter((running) => running.heldAt < old && !running.abort.signal.aborted)
      if (due.length > 0) void renew(lane, due)
    }
  }

  return {
    async start() {
      if (lanes.size === 0) return
      // Only one process can have had this file open, so whatever is leased now died with it.
      if (database.dialect === 'sqlite') {
        for (const kind of lanes.keys()) await reclaimLeases(database, kind, { all: true })
      }
      silence = doorbell.listen((kind) => {
        const lane = lanes.get(kind)
        if (!lane) return
        lane.lookAt = 0
        lane.rung.ring()
      })
      const shortest = Math.min(...[...lanes.values()].map((lane) => lane.binding.definition.leaseMs))
      renewals = setInterval(renewDue, Math.max(shortest / 6, 10))
      loops = inContext({}, () => Promise.all([...lanes.values()].map(lookForWork)))
    },
    async stop() {
      stopped.abort()
      silence()
      await loops
      const left = () => [...lanes.values()].flatMap((lane) => [...lane.running.values()])
      const drained = () => Promise.all(left().map((running) => running.done))
      await withinMs(drained(), drainMs)
      const aborted = left()
      for (const running of aborted) running.abort.abort(new Error('The process stops.'))
      await withinMs(drained(), Math.min(drainMs, 1_000))
      clearInterval(renewals)
      await releaseLeases(database, aborted)
    },
  }
}

/** Steps of a kind that wait for their commit, for each that may run at once. */
const waitingForEach = 4

/** How many more may be claimed now. */
function free({ binding: { definition: { concurrency } }, running, committing }: Lane<any>): number {
  // One at a time means that the next begins after the commit of the one before.
  if (concurrency === 1) return 1 - running.size
  return Math.min(concurrency + committing, concurrency * waitingForEach) - running.size
}

/** A quarter of the places stays for single ones, which would otherwise wait behind all that run. */
const placesForSingle = ({ binding: { definition } }: Lane<any>): number => Math.floor(definition.concurrency / 4)

/** Steps of many that are under way at once in one kind, their commit included, while single ones are around. */
const bulkBesideSingle = 2

/** Much room is used at once; a little waits for a moment, in which more joins it, because each look costs a commit. */
const momentMs = 20
/** More joins in a longer one while a file is worked off: nobody waits for one of many. */
const bulkMomentMs = 60

function nextLook(lane: Lane<any>, singleWork: SingleWork): number {
  const room = free(lane)
  if (room <= 0) return Number.POSITIVE_INFINITY
  if (lane.bulk && !singleWork.isAround()) return Math.max(lane.lookAt, lane.lookedAt + bulkMomentMs)
  return 2 * room >= lane.binding.definition.concurrency ? lane.lookAt : Math.max(lane.lookAt, lane.lookedAt + momentMs)
}

/** Waits for the work, but no longer than told. */
async function withinMs(work: Promise<unknown>, ms: number): Promise<void> {
  const timer = new AbortController()
  await Promise.race([work, delay(ms, undefined, { signal: timer.signal }).catch(() => {})])
  timer.abort()
}
