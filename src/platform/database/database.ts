import type { NodePgDatabase } from 'drizzle-orm/node-postgres'
import type { z } from 'zod'
import type { EventDefinition } from '../event.ts'
import type { OrganizationId } from '../organization-id.ts'
import type { StepDefinition } from '../work/step.ts'
import type { PreparedQuery } from './prepared.ts'

export type Dialect = 'sqlite' | 'postgres'

/** Drizzle's query builder, typed as Postgres whichever dialect runs. */
export type Queries = Pick<NodePgDatabase, 'select' | 'selectDistinct' | 'insert' | 'update' | 'delete' | '$count'>

export interface AuditEntry {
  readonly organizationId: OrganizationId
  /** Past tense, dotted: `client.created`. */
  readonly action: string
  /** What it was done to, by id: never a name or an address. */
  readonly target: string
  readonly details?: Readonly<Record<string, string | number | boolean>>
}

/** `hold`: not before it is released; `release`: what was held is due now; `drop`: done without having been run. */
export type SteerSteps = 'hold' | 'release' | 'drop'

/**
 * One transaction in one module's own database. Only SQL may be awaited inside: one that waits 250 ms for anything else is
 * rolled back. The callback may run several times (a full disk rolls a whole group back, and on Postgres whoever lost against
 * a concurrent change runs again), so it changes nothing outside, and a client call inside it throws. A statement that fails
 * fails the whole transaction, caught or not: write `onConflictDoNothing` where a conflict is expected.
 *
 * Isolation: on SQLite transactions run one after the other. On Postgres each sees one snapshot, and a row that it changes
 * and another changed meanwhile makes it run again: no update is lost. What must be unique is a unique index's business.
 */
export interface Transaction<T = unknown> extends Queries {
  readonly tables: T
  /** Runs a query of `preparedQuery` inside this transaction. */
  run<V, R>(query: PreparedQuery<T, V, R>, values: V): Promise<R>
  /** Writes the outbox in this transaction. The subject's data key must have been loaded before it began. */
  publish<E extends EventDefinition>(event: E, organizationId: OrganizationId, data: z.input<E['data']>): Promise<void>
  /** Adds a step, due now unless told; a step with the same kind and key exists only once, and adding it again does nothing. */
  addStep<I extends z.ZodType>(
    step: StepDefinition<I>,
    organizationId: OrganizationId,
    key: string,
    input: z.input<I>,
    options?: { dueAt?: Date; priority?: number },
  ): Promise<void>
  /**
   * What is to become of steps of one kind that nobody has begun, by their keys: at most a few hundred at a time. A step that
   * runs, is done or dead is left alone, and so is one that is not there. Each may be said twice.
   */
  steerSteps(step: StepDefinition, keys: readonly string[], what: SteerSteps): Promise<void>
  /** Appends to the audit chain of the organization in this module. */
  audit(entry: AuditEntry): Promise<void>
}

/** Held until released, or until `lost` fires because the connection that held it broke. */
export interface Lock {
  readonly lost: AbortSignal
  release(): Promise<void>
}

export interface Database<T = unknown> {
  readonly dialect: Dialect
  readonly tables: T
  /** Reads outside a transaction, and throws inside one. On SQLite a second, read-only connection. */
  readonly read: Queries
  /** Runs a query of `preparedQuery` as `read` does. */
  run<V, R>(query: PreparedQuery<T, V, R>, values: V): Promise<R>
  /**
   * Commits what `work` wrote, durably, before the promise resolves; any throw rolls it back alone.
   * @param options `background`: nobody waits for it, so on SQLite it gives way to what somebody waits for
   */
  transaction<R>(work: (tx: Transaction<T>) => Promise<R>, options?: { readonly background?: boolean }): Promise<R>
  /** Runs after the surrounding commit is durable, in this process: doorbells only, never effects. */
  onCommit(listener: (what: { events: number; stepKinds: readonly string[] }) => void): void
  /**
   * The lock of that name in this module, or undefined while another process holds it: one relay, one appender, one nonce
   * owner. On Postgres an advisory lock; on SQLite the file is this process's anyway, so only within it.
   */
  lock(name: string): Promise<Lock | undefined>
  close(): Promise<void>
}
