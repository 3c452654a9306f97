import { eq, placeholder, type SQL, sql } from 'drizzle-orm'
import { currentContext } from '../context.ts'
import type { Dialect } from '../database/database.ts'
import { platformQuery } from '../database/prepared.ts'
import type { TransactionHooks } from '../database/transaction.ts'
import { auditHash, chainStart } from './audit-entry.ts'

/** The newest link; SQLite's one writer needs no lock on it. */
const readHead = platformQuery<{ organizationId: string }>()((queries, { audit, auditHeads }, now) =>
  queries
    .select({ sequence: auditHeads.sequence, hash: auditHeads.hash, now: now().mapWith(audit.occurredAt) })
    .from(auditHeads)
    .where(eq(auditHeads.organizationId, placeholder('organizationId'))))

/** The newest link, locked for the rest of the transaction; the first writer of a chain begins it. */
const lockHead = platformQuery<{ organizationId: string }>()((queries, { audit, auditHeads }, now) =>
  queries
    .insert(auditHeads)
    .values({ organizationId: placeholder('organizationId'), sequence: 0, hash: chainStart })
    .onConflictDoUpdate({ target: auditHeads.organizationId, set: { sequence: sql`${auditHeads.sequence}` } })
    .returning({ sequence: auditHeads.sequence, hash: auditHeads.hash, now: now().mapWith(audit.occurredAt) }))

interface NewLink extends Record<string, unknown> {
  organizationId: string
  sequence: number
  action: string
  target: string
  actor: string
  details: Readonly<Record<string, string | number | boolean>>
  traceparent: string | null
  occurredAt: Date
  previousHash: Uint8Array
  hash: Uint8Array
}

const insertLink = platformQuery<NewLink>()((queries, { audit }) =>
  queries.insert(audit).values({
    organizationId: placeholder('organizationId'),
    sequence: placeholder('sequence'),
    action: placeholder('action'),
    target: placeholder('target'),
    actor: placeholder('actor'),
    details: placeholder('details'),
    traceparent: placeholder('traceparent'),
    occurredAt: placeholder('occurredAt'),
    previousHash: placeholder('previousHash'),
    hash: placeholder('hash'),
  }))

const moveHead = platformQuery<{ organizationId: string; sequence: number; hash: Uint8Array }>()((queries, { auditHeads }) =>
  queries
    .update(auditHeads)
    .set({ sequence: placeholder('sequence') as unknown as SQL, hash: placeholder('hash') as unknown as SQL })
    .where(eq(auditHeads.organizationId, placeholder('organizationId'))))

/** Where an entry has the address of who asked: among its details, so that the form that is hashed has not changed. */
export const addressDetail = 'address'

/**
 * How a transaction audits: it appends to the chain of the organization in this module, ordered by the lock on the
 * chain's head. Actor, address and trace come from the context, the time from the database.
 */
export const auditHook = (module: string): TransactionHooks['audit'] => async (tx, entry) => {
  const { organizationId, action, target } = entry
  const { actor = 'system', address, traceparent = null } = currentContext()
  const details = { ...entry.details, ...(address !== undefined && { [addressDetail]: address }) }
  // The first writer of a chain finds no head on SQLite, and begins it.
  const [known] = tx.dialect === 'sqlite' ? await tx.run(readHead, { organizationId }) : []
  const [head] = known ? [known] : await tx.run(lockHead, { organizationId })
  const { now: occurredAt, hash: previousHash } = head!
  const sequence = head!.sequence + 1
  const link = { organizationId, sequence, occurredAt, actor, action, target, details, traceparent, previousHash }
  const hash = auditHash({ module, ...link })
  await tx.run(insertLink, { ...link, hash })
  await tx.run(moveHead, { organizationId, sequence, hash })
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
