import type { SQL } from 'drizzle-orm'
import type { z } from 'zod'
import type { EventDefinition } from '../event.ts'
import type { OrganizationId } from '../organization-id.ts'
import type { StepDefinition } from '../work/step.ts'
import type { AuditEntry, Database, Queries, SteerSteps, Transaction } from './database.ts'
import type { PlatformTables } from './platform-tables.ts'
import type { PreparedStatement, StatementKit } from './prepared-statement.ts'
import type { PreparedQuery } from './prepared.ts'

/** What platform code may do with a module's database beyond what the module may: its own tables, and raw SQL. */
export interface RawQueries extends Queries, StatementKit {
  /**
   * Raw SQL, for what the two dialects spell differently. Rows are keyed by the names in the SQL. Values are the dialect's
   * own: on SQLite an instant is milliseconds, a boolean 0 or 1, JSON a text; on Postgres Date, boolean and parsed JSON.
   * A bound Date or boolean is converted for SQLite, and bigint is a number in both.
   */
  rows<R = Record<string, unknown>>(query: SQL): Promise<R[]>
  /** Runs a query of `platformQuery`. */
  run<V, R>(query: PreparedQuery<PlatformTables, V, R>, values: V): Promise<R>
  /** As `rows`, for a raw statement that was prepared. */
  execute<V extends object, R>(statement: PreparedStatement<V, R>, values: V): Promise<R[]>
}

/** What of {@link RawQueries} differs by dialect. */
export type RawDialect = Omit<RawQueries, keyof Queries>

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
  steerSteps(tx: RawTransaction, step: StepDefinition, keys: readonly string[], what: SteerSteps): Promise<void>
  audit(tx: RawTransaction, entry: AuditEntry): Promise<void>
}

export interface TransactionOptions {
  /**
   * On Postgres, for platform code that locks rows by itself: each statement then sees what is committed when it begins, and
   * nothing runs again. SQLite has no such difference.
   */
  readonly isolation?: 'repeatable read' | 'read committed'
  /**
   * Nobody waits for an answer. On SQLite such transactions gather while commits are slow, so that many share one; a
   * transaction without this takes them along at once.
   */
  readonly background?: boolean
}

/** A module's database as the platform holds it; a module is given it as a plain `Database`. */
export interface PlatformDatabase<T = unknown> extends Database<T> {
  readonly module: string
  readonly raw: RawQueries
  /**
   * Takes older pictures of rows out of what this process writes beside the tables: SQLite's write-ahead log. False while a reader keeps it from
   * that. Postgres keeps dead rows until it vacuums, which is its own.
   */
  dropOverwritten(): Promise<boolean>
  /** As `transaction`, with the platform's view of the same transaction beside the module's. */
  platformTransaction<R>(
    work: (tx: Transaction<T>, raw: RawTransaction) => Promise<R>,
    options?: TransactionOptions,
  ): Promise<R>
}

/** What one transaction collected for the listeners of `onCommit`. */
export interface Notices {
  events: number
  stepKinds: Set<string>
}

export const noNotices = (): Notices => ({ events: 0, stepKinds: new Set() })

/** Puts the two views of one transaction together: the module's, and the platform's. */
export function composeTransaction<T>(parts: {
  /** Asked once, and only by a transaction that builds queries. */
  queries: () => Queries
  tables: T
  run: Transaction<T>['run']
  raw: RawDialect
  hooks: TransactionHooks
  notices: Notices
}): { tx: Transaction<T>; raw: RawTransaction } {
  const { hooks, notices } = parts
  const queries = lateQueries(parts.queries)
  const raw: RawTransaction = {
    ...queries,
    ...parts.raw,
    notify({ events = 0, stepKind }) {
      notices.events += events
      if (stepKind !== undefined) notices.stepKinds.add(stepKind)
    },
  }
  const tx: Transaction<T> = {
    ...queries,
    tables: parts.tables,
    run: parts.run,
    publish: (event, organizationId, data) => hooks.publish(raw, event, organizationId, data),
    addStep: (step, organizationId, key, input, options) =>
      hooks.addStep(raw, step, organizationId, key, input, options),
    steerSteps: (step, keys, what) => hooks.steerSteps(raw, step, keys, what),
    audit: (entry) => hooks.audit(raw, entry),
  }
  return { tx, raw }
}

/** Drizzle's methods, free of `this`: only those that `Queries` promises. */
export const bindQueries = (db: Queries): Queries => lateQueries(() => db)

function lateQueries(make: () => Queries): Queries {
  let made: Queries | undefined
  const queries = (): any => (made ??= make())
  return {
    select: (...args: unknown[]) => queries().select(...args),
    selectDistinct: (...args: unknown[]) => queries().selectDistinct(...args),
    insert: (table: unknown) => queries().insert(table),
    update: (table: unknown) => queries().update(table),
    delete: (table: unknown) => queries().delete(table),
    $count: (...args: unknown[]) => queries().$count(...args),
  } as Queries
}
