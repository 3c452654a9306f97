import { currentContext } from '../context.ts'
import { Problem } from '../problem.ts'
import { DatabaseError } from './database-error.ts'

export function refuseNested(): void {
  if (currentContext().transaction) throw new Error('A transaction was begun inside a transaction; use the one that is open.')
}

export function refuseInTransaction(): void {
  if (currentContext().transaction) throw new Error('Inside a transaction, read through it: tx.select() or tx.run().')
}

/** A client hears that it may try again, not that a disk is full. */
export const asProblem = (error: unknown): unknown =>
  error instanceof DatabaseError && (error.kind === 'unavailable' || error.kind === 'conflict')
    ? new Problem('unavailable', 'The database does not answer at the moment; try again later.', {
        retryAfterSeconds: 5,
        cause: error,
      })
    : error
