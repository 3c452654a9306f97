import { and, desc, eq, gte, like, lt, or } from 'drizzle-orm'
import type { PlatformDatabase } from '../database/transaction.ts'
import { addressDetail } from './audit.ts'

/** What is looked for in the chain of one organization in one module. Absent fields leave nothing out. */
export interface AuditFilter {
  readonly organizationId: string
  /** Only entries with a smaller number: the smallest of the page before. */
  readonly before?: number | undefined
  /** An action, or all that begin with it and a dot: `credential` finds `credential.revoked`. */
  readonly action?: string | undefined
  readonly actor?: string | undefined
  readonly target?: string | undefined
  /** ISO 8601; `from` is within, `to` is not. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly limit: number
}

/** Entries of one module, newest first. */
export async function listAudit(database: PlatformDatabase, filter: AuditFilter) {
  const { audit } = database.raw.platform
  const { organizationId, before, action, actor, target, from, to, limit } = filter
  const rows = await database.raw.select().from(audit)
    .where(and(
      eq(audit.organizationId, organizationId),
      before === undefined ? undefined : lt(audit.sequence, before),
      action === undefined ? undefined : or(eq(audit.action, action), like(audit.action, `${action}.%`)),
      actor === undefined ? undefined : eq(audit.actor, actor),
      target === undefined ? undefined : eq(audit.target, target),
      from === undefined ? undefined : gte(audit.occurredAt, new Date(from)),
      to === undefined ? undefined : lt(audit.occurredAt, new Date(to)),
    ))
    .orderBy(desc(audit.sequence))
    .limit(limit)
  return rows.map(({ sequence, occurredAt, actor, action, target, details, traceparent, hash }) => {
    const { [addressDetail]: address, ...others } = details
    return {
      sequence,
      at: occurredAt.toISOString(),
      actor,
      address: typeof address === 'string' ? address : null,
      action,
      target,
      details: others,
      traceId: traceparent?.split('-')[1] ?? null,
      hash: Buffer.from(hash).toString('hex'),
    }
  })
}
