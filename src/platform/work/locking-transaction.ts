import type { PlatformDatabase, RawTransaction } from '../database/transaction.ts'

/**
 * A transaction of the platform alone. It locks or fences the rows that it changes by itself, so on Postgres it reads
 * what is committed at each statement and never has to run again because of a neighbour. Nobody waits for it.
 */
export const lockingTransaction = <R>(
  database: PlatformDatabase,
  work: (tx: RawTransaction) => Promise<R>,
): Promise<R> => database.platformTransaction((_, tx) => work(tx), { isolation: 'read committed', background: true })
