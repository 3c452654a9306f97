import type { SQL } from 'drizzle-orm'
import type { z } from 'zod'
import type { EventDefinition } from '../event.ts'
import type { OrganizationId } from '../organization-id.ts'
import type { StepDefinition } from '../work/step.ts'
import type { AuditEntry, Database, Dialect, Queries, Transaction } from './database.ts'
import type { PlatformTables } from './platform-tables.ts'

/** What platform code may do with a module's database beyond what the module may: its own tables, and raw SQL. */
export interface RawQueries extends Queries {
  readonly dialect: Dialect
  readonly platform: PlatformTables
  /**
   * Raw SQL, for what the two dialects spell differently. Rows are keyed by the names in the SQL. Values are the dialect's
   * own: on SQLite an instant is milliseconds, a boolean 0 or 1, JSON a text; on Postgres Date, boolean and parsed JSON.
   * A bound Date or boolean is converted for SQLite, and bigint is a number in both.
   */
  rows<R = Record<string, unknown>>(query: SQL): Promise<R[]>
  /** The present instant by the database's clock, as a value of an `instant` column; with an offset in milliseconds. */
  now(offsetMs?: number): SQL<Date>
}

export interface RawTransaction extends RawQueries {
  /** Collected, and told to the listeners of `onCommit` once the commit is durable. */
  notify(what: { events?: number; stepKind?: string }): void
}

/** How a transaction publishes, adds steps and audits: given by those parts of the platform. */
export interface TransactionHooks {
  publish<E extends EventDefinition>(
    tx: RawTransaction,
    event: E,
    organizationId: OrganizationId,
    data: z.input<E['data']>,
  ): Promise<void>
  addStep<I extends z.ZodType>(
    tx: RawTransaction,
    step: StepDefinition<I>,
    organizationId: OrganizationId,
    key: string,
    input: z.input<I>,
    options?: { dueAt?: Date; priority?: number },
  ): Promise<void>
  audit(tx: RawTransaction, entry: AuditEntry): Promise<void>
}

/** A module's database as the platform holds it; a module is given it as a plain `Database`. */
export interface PlatformDatabase<T = unknown> extends Database<T> {
  readonly module: string
  readonly raw: RawQueries
  /** As `transaction`, with the platform's view of the same transaction beside the module's. */
  platformTransaction<R>(work: (tx: Transaction<T>, raw: RawTransaction) => Promise<R>): Promise<R>
}
