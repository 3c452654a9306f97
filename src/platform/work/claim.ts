import { inArray, sql } from 'drizzle-orm'
import type { PlatformTables } from '../database/platform-tables.ts'
import type { PlatformDatabase, RawTransaction } from '../database/transaction.ts'
import { lockingTransaction } from './locking-transaction.ts'

export type StepRow = PlatformTables['steps']['$inferSelect']

export interface ClaimRequest {
  readonly kind: string
  readonly leaseMs: number
  /** At most so many. */
  readonly limit: number
  /** The organization that the last claim of this kind ended with: the turn goes on behind it. */
  readonly after: string
  readonly token: string
}

export interface Claim {
  readonly steps: readonly StepRow[]
  readonly lastOrganization: string
}

/** What may be in one lane: the due steps of one kind, priority and organization, oldest first. */
interface Lane {
  readonly kind: string
  readonly priority: number
}

interface Candidate {
  readonly id: string
  readonly organization_id: string
}

/**
 * Leases due steps of one kind: first by priority, then one for each organization in turn, then more of each until
 * the limit; within an organization by due time. All times are the database's. It visits organizations by skipping
 * through an index, so that a hundred thousand waiting steps of one cost no more than ten.
 */
export async function claimSteps(database: PlatformDatabase, request: ClaimRequest): Promise<Claim> {
  return lockingTransaction(database, async (tx) => {
    const chosen = new Map<string, Candidate>()
    const take = (candidates: readonly Candidate[]) => {
      for (const candidate of candidates) if (chosen.size < request.limit) chosen.set(candidate.id, candidate)
    }
    for (
      let priority = await nextPriority(tx, request.kind, undefined);
      priority !== undefined && chosen.size < request.limit;
      priority = await nextPriority(tx, request.kind, priority)
    ) {
      const lane = { kind: request.kind, priority }
      for (const share of [1, request.limit]) {
        // Those chosen in the first round are still due for this query, so the second asks for as many more.
        const want = request.limit + (share === 1 ? 0 : chosen.size)
        if (chosen.size < request.limit) take(await candidates(tx, lane, { above: request.after }, share, want))
        if (chosen.size < request.limit && request.after !== '') {
          take(await candidates(tx, lane, { upTo: request.after }, share, want))
        }
      }
    }
    if (chosen.size === 0) return { steps: [], lastOrganization: '' }
    const { steps } = tx.platform
    const leased = await tx.update(steps).set({
      state: 'leased',
      leaseToken: request.token,
      leaseUntil: tx.now(request.leaseMs),
      startedAt: tx.now(),
      starts: sql`starts + 1`,
    }).where(inArray(steps.id, [...chosen.keys()])).returning()
    const order = [...chosen.keys()]
    leased.sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id))
    return { steps: leased, lastOrganization: [...chosen.values()].at(-1)!.organization_id }
  })
}

async function nextPriority(tx: RawTransaction, kind: string, above: number | undefined): Promise<number | undefined> {
  const [row] = await tx.rows<{ priority: number }>(sql`
    select priority from ${tx.platform.steps} where kind = ${kind} and state = 'ready'
    ${above === undefined ? sql`` : sql`and priority > ${above}`} order by priority limit 1`)
  return row && Number(row.priority)
}

/** Up to `share` due steps of each organization, organization by organization, until `limit`. */
function candidates(
  tx: RawTransaction,
  lane: Lane,
  part: { above: string } | { upTo: string },
  share: number,
  limit: number,
): Promise<Candidate[]> {
  const steps = tx.platform.steps
  const inLane = sql`kind = ${lane.kind} and state = 'ready' and priority = ${lane.priority}`
  const start = 'above' in part ? part.above : ''
  const end = 'upTo' in part ? sql`and organization_id <= ${part.upTo}` : sql``
  if (tx.dialect === 'sqlite') {
    return tx.rows<Candidate>(sql`
      with recursive lane (organization) as (
        select min(organization_id) from ${steps} where ${inLane} and organization_id > ${start} ${end}
        union all
        select (select min(organization_id) from ${steps} where ${inLane} and organization_id > organization ${end})
        from lane where organization is not null
      )
      select due.value as id, organization as organization_id from lane, json_each((
        select json_group_array(id) from (
          select id from ${steps} where ${inLane} and organization_id = organization and due_at <= ${tx.now()}
          order by due_at limit ${share}))) as due
      where organization is not null limit ${limit}`)
  }
  return tx.rows<Candidate>(sql`
    with recursive lane (organization) as (
      (select organization_id from ${steps} where ${inLane} and organization_id > ${start} ${end}
        order by organization_id limit 1)
      union all
      select further.organization_id from lane cross join lateral (
        select organization_id from ${steps} where ${inLane} and organization_id > organization ${end}
        order by organization_id limit 1) as further
    )
    select due.id, due.organization_id from lane cross join lateral (
      select id, organization_id from ${steps}
      where ${inLane} and organization_id = organization and due_at <= ${tx.now()}
      order by due_at limit ${share} for update skip locked) as due
    limit ${limit}`)
}
