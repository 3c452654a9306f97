import { sql } from 'drizzle-orm'
import { currentContext } from '../context.ts'
import type { Dialect } from '../database/database.ts'
import type { TransactionHooks } from '../database/transaction.ts'
import { instantOf } from '../work/instant-value.ts'
import { auditHash, chainStart } from './audit-entry.ts'

/**
 * How a transaction audits: it appends to the chain of the organization in this module, ordered by the lock on the
 * chain's head. Actor and trace come from the context, the time from the database.
 */
export const auditHook = (module: string): TransactionHooks['audit'] => async (tx, entry) => {
  const { audit, auditHeads } = tx.platform
  const { organizationId, action, target, details = {} } = entry
  const { actor = 'system', traceparent = null } = currentContext()
  const [head] = await tx.rows<{ sequence: number; hash: Uint8Array; now: unknown }>(sql`
    insert into ${auditHeads} as head (organization_id, sequence, hash) values (${organizationId}, 0, ${chainStart})
    on conflict (organization_id) do update set sequence = head.sequence
    returning sequence, hash, ${tx.now()} as now`)
  const sequence = Number(head!.sequence) + 1
  const occurredAt = instantOf(head!.now)!
  const hash = auditHash({
    module, organizationId, sequence, occurredAt, actor, action, target, details, traceparent, previousHash: head!.hash,
  })
  await tx.rows(sql`
    insert into ${audit}
      (organization_id, sequence, action, target, actor, details, traceparent, occurred_at, previous_hash, hash)
    values (${organizationId}, ${sequence}, ${action}, ${target}, ${actor}, ${JSON.stringify(details)}, ${traceparent},
      ${occurredAt}, ${head!.hash}, ${hash})`)
  await tx.rows(sql`
    update ${auditHeads} set sequence = ${sequence}, hash = ${hash} where organization_id = ${organizationId}`)
}

/**
 * Statements that make the audit table append-only in the database itself, run after the migrations of every module,
 * safe to run again. The owner of the database can take them away; `verifyAudit` finds what is done then.
 * @param schema the Postgres schema of the module
 */
export function auditGuardStatements(dialect: Dialect, schema?: string): readonly string[] {
  if (dialect === 'sqlite') {
    return ['update', 'delete'].map((verb) => `
      create trigger if not exists audit_refuses_${verb} before ${verb} on audit
      begin select raise(abort, 'the audit table is append-only'); end`)
  }
  const name = `"${schema}"`
  return [
    `create or replace function ${name}.audit_is_append_only() returns trigger language plpgsql as
      $$ begin raise exception 'the audit table is append-only'; end $$`,
    `create or replace trigger audit_refuses_change before update or delete on ${name}.audit
      for each row execute function ${name}.audit_is_append_only()`,
    `create or replace trigger audit_refuses_truncate before truncate on ${name}.audit
      for each statement execute function ${name}.audit_is_append_only()`,
  ]
}
