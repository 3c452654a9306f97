import { placeholder, sql } from 'drizzle-orm'
import { uuidv7 } from 'uuidv7'
import { currentContext } from '../context.ts'
import type { Transaction } from '../database/database.ts'
import { preparedStatement, recordset } from '../database/prepared-statement.ts'
import { platformQuery } from '../database/prepared.ts'
import type { PlatformDatabase, RawQueries, RawTransaction, TransactionHooks } from '../database/transaction.ts'
import type { OrganizationId } from '../organization-id.ts'
import { bulkCommits } from './bulk-commits.ts'
import { instantOf } from './instant-value.ts'
import { lockingTransaction } from './locking-transaction.ts'
import {
  afterFailure, classifyFailure, describeFailure, type Failure, pauseAfter, type RetryPolicy,
} from './retry-rules.ts'

interface NewStep extends Record<string, unknown> {
  id: string
  kind: string
  key: string
  organizationId: OrganizationId
  input: unknown
  priority: number
  /** Null: now. */
  dueAt: Date | null
  traceparent: string | null
}

const insertStep = platformQuery<NewStep>()((queries, { steps }, now) =>
  queries
    .insert(steps)
    .values({
      id: placeholder('id'),
      kind: placeholder('kind'),
      key: placeholder('key'),
      organizationId: placeholder('organizationId'),
      input: placeholder('input'),
      state: 'ready',
      priority: placeholder('priority'),
      dueAt: sql`coalesce(${placeholder('dueAt')}, ${now()})`,
      traceparent: placeholder('traceparent'),
      createdAt: now(),
    })
    .onConflictDoNothing({ target: [steps.kind, steps.key] }))

/** How a transaction adds a step: once for ever per kind and key, whatever its state. */
export const addStepHook: TransactionHooks['addStep'] = async (tx, step, organizationId, key, input, options = {}) => {
  await tx.run(insertStep, {
    id: uuidv7(),
    kind: step.kind,
    key,
    organizationId,
    input: step.input.parse(input),
    priority: options.priority ?? 0,
    dueAt: options.dueAt ?? null,
    traceparent: currentContext().traceparent ?? null,
  })
  tx.notify({ stepKind: step.kind })
}

/** When a step is due that is held: after everything. A claim reads the due ones of an index, so those held cost it nothing. */
const held = new Date('9999-01-01T00:00:00Z')

/** What becomes of steps that nobody has begun; see `Transaction.steerSteps`. */
export const steerStepsHook: TransactionHooks['steerSteps'] = async (tx, step, keys, what) => {
  if (keys.length === 0) return
  const change = {
    hold: sql`due_at = ${held}`,
    release: sql`due_at = ${tx.now()}`,
    drop: sql`state = 'done', done_at = ${tx.now()}`,
  }[what]
  const list = sql.join(keys.map((key) => sql`${key}`), sql`, `)
  await tx.rows(sql`
    update ${tx.platform.steps} set ${change}
    where kind = ${step.kind} and key in (${list}) and state = 'ready' ${what === 'release' ? sql`and due_at = ${held}` : sql``}`)
  if (what === 'release') tx.notify({ stepKind: step.kind })
}

/** Names one claim of one step; whoever claims it after the lease ran out has another token. */
export interface Lease {
  readonly id: string
  readonly token: string
}

/** The lease ran out and is another's, or was given back: nothing was written. */
export class LeaseLost extends Error {
  constructor() {
    super('The lease of this step is no longer held.')
    this.name = 'LeaseLost'
  }
}

const markDone = preparedStatement<{ leases: string }, { id: string }>((kit) => {
  const { steps } = kit.platform
  return sql`
    update ${steps} set state = 'done', done_at = ${kit.now()}, lease_token = null, lease_until = null,
      last_error = null, unavailable_since = null
    from ${recordset(kit, 'leases', { id: 'text', token: 'text' })}
    where ${steps.id} = records.id and lease_token = records.token and state = 'leased' returning ${steps.id}`
})

/**
 * Commits completions, each together with what its runner returned, many in one transaction.
 * @returns a function that throws {@link LeaseLost} when the token is not the row's any more; then nothing was written
 */
export const stepCompletions = <T>(database: PlatformDatabase<T>) =>
  bulkCommits<T, Lease>(database, {
    async fence(raw, leases) {
      const named = leases.map(({ id, token }) => ({ id, token }))
      const held = new Set((await raw.execute(markDone, { leases: JSON.stringify(named) })).map(({ id }) => id))
      return new Set(leases.filter(({ id }) => held.has(id)))
    },
    lost: () => new LeaseLost(),
  })

/**
 * Records a failure by the rules of {@link afterFailure}, gives the lease back, and pauses the kind when the other
 * side is away. The start is given back too: it counts crashes, and this was none.
 * @param givenUp runs in the same transaction when the step is dead now
 * @returns what became of the step
 */
export function failStep<T>(
  database: PlatformDatabase<T>,
  policy: RetryPolicy,
  lease: Lease,
  thrown: unknown,
  givenUp?: (tx: Transaction<T>) => Promise<void>,
): Promise<'retried' | 'dead' | 'lease-lost'> {
  const failure = classifyFailure(thrown)
  const error = describeFailure(thrown)
  return database.platformTransaction(async (own, tx) => {
    const [row] = await tx.rows<{ kind: string; attempts: number; unavailable_since: unknown; now: unknown }>(sql`
      select kind, attempts, unavailable_since, ${tx.now()} as now from ${tx.platform.steps}
      where id = ${lease.id} and lease_token = ${lease.token} and state = 'leased' ${lock(tx)}`)
    if (!row) return 'lease-lost'
    const now = instantOf(row.now)!
    const tried = { attempts: Number(row.attempts), unavailableSince: instantOf(row.unavailable_since) }
    const verdict = afterFailure(policy, tried, failure, now)
    const since = verdict.retry ? verdict.unavailableSince : tried.unavailableSince
    await tx.rows(sql`
      update ${tx.platform.steps} set state = ${verdict.retry ? 'ready' : 'dead'}, attempts = ${verdict.attempts},
        starts = starts - 1, due_at = ${tx.now(verdict.retry ? verdict.delayMs : 0)},
        lease_token = null, lease_until = null,
        unavailable_since = ${since ?? null}, last_error = ${error} where id = ${lease.id}`)
    if (failure.kind === 'unavailable') await pauseKind(tx, policy, row.kind, failure, error, now)
    if (verdict.retry) return 'retried'
    await givenUp?.(own)
    return 'dead'
  }, { isolation: 'read committed', background: true })
}

async function pauseKind(
  tx: RawTransaction,
  policy: RetryPolicy,
  kind: string,
  failure: Failure & { kind: 'unavailable' },
  error: string,
  now: Date,
): Promise<void> {
  const { stepKinds } = tx.platform
  await tx.rows(sql`
    insert into ${stepKinds} (kind, backoff_ms, window_count) values (${kind}, 0, 0) on conflict do nothing`)
  const [row] = await tx.rows<{ paused_until: unknown; backoff_ms: number }>(
    sql`select paused_until, backoff_ms from ${stepKinds} where kind = ${kind} ${lock(tx)}`)
  const before = { pausedUntil: instantOf(row!.paused_until), backoffMs: Number(row!.backoff_ms) }
  const pause = pauseAfter(policy, before, failure.retryAfterMs, now)
  await tx.rows(sql`
    update ${stepKinds} set paused_until = ${pause.pausedUntil}, backoff_ms = ${pause.backoffMs},
      unavailable_since = coalesce(unavailable_since, ${tx.now()}), last_error = ${error} where kind = ${kind}`)
}

/** After a success: the other side is there again. */
export async function resumeKind(database: PlatformDatabase, kind: string): Promise<void> {
  await lockingTransaction(database, async (tx) => {
    await tx.rows(sql`
      update ${tx.platform.stepKinds}
      set paused_until = null, backoff_ms = 0, unavailable_since = null, last_error = null
      where kind = ${kind}`)
    tx.notify({ stepKind: kind })
  })
}

/** Lengthens leases. @returns the ids that are still held */
export async function renewLeases(
  database: PlatformDatabase,
  leases: readonly Lease[],
  leaseMs: number,
): Promise<Set<string>> {
  if (leases.length === 0) return new Set()
  const held = await lockingTransaction(database, (tx) => tx.rows<{ id: string }>(sql`
    update ${tx.platform.steps} set lease_until = ${tx.now(leaseMs)}
    where state = 'leased' and ${heldBy(leases)} returning id`))
  return new Set(held.map((row) => row.id))
}

/** Gives leases back at a graceful stop: due now, for any runner, and not counted as a start. */
export async function releaseLeases(database: PlatformDatabase, leases: readonly Lease[]): Promise<void> {
  if (leases.length === 0) return
  await lockingTransaction(database, (tx) => tx.rows(sql`
    update ${tx.platform.steps} set state = 'ready', starts = starts - 1, due_at = ${tx.now()}, lease_token = null,
      lease_until = null where state = 'leased' and ${heldBy(leases)}`))
}

const heldBy = (leases: readonly Lease[]) => sql`(id, lease_token) in (${sql.join([sql`values `, sql.join(
  leases.map(({ id, token }) => sql`(${id}, ${token})`), sql`, `)])})`

/**
 * Makes expired leases claimable again. Their starts stay counted: whoever claims one that is over the limit gives it up.
 * @param options `all`: also those not expired, at the start of the only process that can hold any (SQLite)
 */
export async function reclaimLeases(
  database: PlatformDatabase,
  kind: string,
  options: { all?: boolean } = {},
): Promise<void> {
  await lockingTransaction(database, (tx) => tx.rows(sql`
    update ${tx.platform.steps} set state = 'ready',
      due_at = ${tx.now()}, lease_token = null, lease_until = null, last_error = 'the process ended while it ran'
    where kind = ${kind} and state = 'leased' ${options.all ? sql`` : sql`and lease_until <= ${tx.now()}`}`))
}

export interface Outlook {
  /** Milliseconds until the first step is due, at most 0 when one is; undefined: none is ready. */
  readonly dueInMs: number | undefined
  /** Until the first lease runs out. */
  readonly leaseEndsInMs: number | undefined
  /** How much longer the kind pauses. */
  readonly pausedForMs: number
  /** The other side was away last time: one step tries first. */
  readonly probing: boolean
}

const readOutlook = preparedStatement<{ kind: string }, Record<'now' | 'due' | 'lease' | 'paused' | 'backoff', unknown>>(
  ({ platform: { steps, stepKinds }, now }) => {
    const kind = placeholder('kind')
    return sql`
      select ${now()} as now,
        (select min(due_at) from ${steps} where kind = ${kind} and state = 'ready') as due,
        (select min(lease_until) from ${steps} where kind = ${kind} and state = 'leased') as lease,
        (select paused_until from ${stepKinds} where kind = ${kind}) as paused,
        (select backoff_ms from ${stepKinds} where kind = ${kind}) as backoff`
  })

/** For the test of their plans. */
export const stepStatements = { markDone, readOutlook }

/** What there is to do for a kind, by the database's clock; reads only. */
export async function outlook(raw: RawQueries, kind: string): Promise<Outlook> {
  const [row] = await raw.execute(readOutlook, { kind })
  const now = instantOf(row!.now)!.getTime()
  const until = (value: unknown) => {
    const instant = instantOf(value)
    return instant && instant.getTime() - now
  }
  return {
    dueInMs: until(row!.due),
    leaseEndsInMs: until(row!.lease),
    pausedForMs: Math.max(until(row!.paused) ?? 0, 0),
    probing: Number(row!.backoff ?? 0) > 0,
  }
}

const lock = (tx: RawTransaction) => (tx.dialect === 'postgres' ? sql`for update` : sql``)
