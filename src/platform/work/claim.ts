import { placeholder, sql } from 'drizzle-orm'
import type { PlatformTables } from '../database/platform-tables.ts'
import { preparedStatement, recordset, type StatementKit } from '../database/prepared-statement.ts'
import type { PlatformDatabase, RawTransaction } from '../database/transaction.ts'
import { lockingTransaction } from './locking-transaction.ts'

export type StepRow = PlatformTables['steps']['$inferSelect']

/** What a runner needs of a step that it has claimed. */
export type LeasedStep =
  Pick<StepRow, 'id' | 'kind' | 'key' | 'organizationId' | 'input' | 'priority' | 'attempts' | 'starts' | 'traceparent'>

export interface ClaimRequest {
  readonly kind: string
  readonly leaseMs: number
  /** At most so many. */
  readonly limit: number
  /** Of them at most so many of a priority above 0, which are one of many. Default: `limit`. */
  readonly bulkLimit?: number
  /** The organization that the last claim of this kind ended with: the turn goes on behind it. */
  readonly after: string
  readonly token: string
}

export interface Claim {
  readonly steps: readonly LeasedStep[]
  readonly lastOrganization: string
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
  const { kind, limit, bulkLimit = limit, after, token, leaseMs } = request
  return lockingTransaction(database, async (tx) => {
    const chosen = new Map<string, Candidate>()
    let priority = await nextPriority(tx, kind, Number.MIN_SAFE_INTEGER)
    let bulkLeft = bulkLimit
    while (priority !== undefined && (priority <= 0 || bulkLeft > 0)) {
      const before = chosen.size
      const most = priority > 0 ? Math.min(limit, before + bulkLeft) : limit
      const parts = after === '' ? [candidatesAbove] : [candidatesAbove, candidatesUpTo]
      const empty = new Set<typeof parts[number]>()
      for (const share of [1, most]) {
        for (const part of parts) {
          if (chosen.size >= most || empty.has(part)) continue
          // Those chosen in the first round are still due for this query, so the second asks for as many more.
          const wanted = { kind, priority, after, share, limit: most + (share === 1 ? 0 : chosen.size) }
          const candidates = await tx.execute(part, wanted)
          if (candidates.length === 0) empty.add(part)
          for (const candidate of candidates) if (chosen.size < most) chosen.set(candidate.id, candidate)
        }
      }
      if (priority > 0) bulkLeft -= chosen.size - before
      priority = chosen.size < limit ? await nextPriority(tx, kind, priority) : undefined
    }
    if (chosen.size === 0) return { steps: [], lastOrganization: '' }
    const ids = JSON.stringify([...chosen.keys()].map((id) => ({ id })))
    const leased = new Map((await tx.execute(lease, { ids, token, leaseMs })).map((row) => [row.id, leasedStep(row)]))
    const steps = [...chosen.keys()].map((id) => leased.get(id)).filter((step) => step !== undefined)
    return { steps, lastOrganization: [...chosen.values()].at(-1)!.organization_id }
  })
}

const firstPriority = preparedStatement<{ kind: string; above: number }, { priority: number }>(({ platform }) => sql`
  select priority from ${platform.steps}
  where kind = ${placeholder('kind')} and state = 'ready' and priority > ${placeholder('above')}
  order by priority limit 1`)

async function nextPriority(tx: RawTransaction, kind: string, above: number): Promise<number | undefined> {
  const [row] = await tx.execute(firstPriority, { kind, above })
  return row && Number(row.priority)
}

/** Which due steps of one kind and priority: up to `share` of each organization, organization by organization, until `limit`. */
interface Wanted {
  readonly kind: string
  readonly priority: number
  readonly after: string
  readonly share: number
  readonly limit: number
}

const candidatesAbove = preparedStatement<Wanted, Candidate>((kit) => candidates(kit, 'above'))
const candidatesUpTo = preparedStatement<Wanted, Candidate>((kit) => candidates(kit, 'up to'))

/** Of the organizations above `after`, or of those up to it. */
function candidates({ dialect, platform: { steps }, now }: StatementKit, part: 'above' | 'up to') {
  const inLane = sql`kind = ${placeholder('kind')} and state = 'ready' and priority = ${placeholder('priority')}`
  const start = part === 'above' ? placeholder('after') : sql`''`
  const end = part === 'up to' ? sql`and organization_id <= ${placeholder('after')}` : sql``
  const [share, limit] = [placeholder('share'), placeholder('limit')]
  if (dialect === 'sqlite') {
    return sql`
      with recursive lane (organization) as (
        select min(organization_id) from ${steps} where ${inLane} and organization_id > ${start} ${end}
        union all
        select (select min(organization_id) from ${steps} where ${inLane} and organization_id > organization ${end})
        from lane where organization is not null
      )
      select due.value as id, organization as organization_id from lane, json_each((
        select json_group_array(id) from (
          select id from ${steps} where ${inLane} and organization_id = organization and due_at <= ${now()}
          order by due_at limit ${share}))) as due
      where organization is not null limit ${limit}`
  }
  return sql`
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
      where ${inLane} and organization_id = organization and due_at <= ${now()}
      order by due_at limit ${share} for update skip locked) as due
    limit ${limit}`
}

interface LeasedRow {
  readonly id: string
  readonly kind: string
  readonly key: string
  readonly organization_id: string
  /** As text: the dialects answer JSON differently. */
  readonly input: string
  readonly priority: number
  readonly attempts: number
  readonly starts: number
  readonly traceparent: string | null
}

const lease = preparedStatement<{ ids: string; token: string; leaseMs: number }, LeasedRow>((kit) => {
  const { now, platform: { steps } } = kit
  return sql`
    update ${steps} set state = 'leased', lease_token = ${placeholder('token')},
      lease_until = ${now(placeholder('leaseMs'))}, started_at = ${now()}, starts = starts + 1
    from ${recordset(kit, 'ids', { id: 'text' })} where ${steps.id} = records.id
    returning ${steps.id}, kind, key, organization_id, cast(input as text) as input, priority, attempts, starts, traceparent`
})

/** For the test of their plans. */
export const claimStatements = { firstPriority, candidatesAbove, candidatesUpTo, lease }

const leasedStep = ({ organization_id: organizationId, input, ...row }: LeasedRow): LeasedStep =>
  ({ ...row, organizationId, input: JSON.parse(input) as unknown })
