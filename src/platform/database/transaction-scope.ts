import { DatabaseError } from './database-error.ts'
import type { Guard } from './guard.ts'

/** How long a transaction may wait for anything that is not SQL. */
export const awaitMs = 250

/** The life of one transaction's handle: open, then for ever closed; the first failed statement is remembered. */
export interface TransactionScope extends Guard {
  /** @throws the first statement's failure, even if the callback caught it: Postgres could not commit either */
  end(): void
  close(reason: string): void
  firstFailure(): unknown
}

export function transactionScope(): TransactionScope {
  let closed: string | undefined
  let failure: { error: unknown } | undefined
  return {
    check() {
      if (closed) throw new DatabaseError('other', 'TRANSACTION_ENDED', closed)
      if (failure) {
        throw new DatabaseError('aborted', 'TRANSACTION_ABORTED', 'An earlier statement of this transaction failed.')
      }
    },
    failed(error) {
      failure ??= { error }
    },
    end() {
      closed ??= 'This transaction has ended.'
      if (failure) throw failure.error
    },
    close(reason) {
      closed ??= reason
    },
    firstFailure: () => failure?.error,
  }
}

/**
 * Runs a transaction's callback and closes its scope. A time-out rejects and leaves the callback behind, powerless: its next
 * statement throws. `watch` starts the clock and returns how to stop it.
 */
export async function runScoped<R>(
  scope: TransactionScope,
  work: () => Promise<R>,
  watch: (expired: () => void) => () => void,
): Promise<R> {
  const expired = Promise.withResolvers<never>()
  const stop = watch(() => {
    const message = `This transaction waited ${awaitMs} ms for something that is not SQL and was rolled back.`
    scope.close(message)
    expired.reject(new DatabaseError('other', 'TRANSACTION_TIMEOUT', message))
  })
  expired.promise.catch(() => {})
  try {
    const value = await Promise.race([work(), expired.promise])
    scope.end()
    return value
  } finally {
    stop()
    scope.close('This transaction has ended.')
  }
}
