import { DatabaseError } from './database-error.ts'

/** Asked before every statement of a connection or of one transaction. */
export interface Guard {
  /** @throws when nothing may run any more */
  check(): void
  /** Told of each statement that failed. */
  failed(error: unknown): void
}

/** A guard for a connection that is open until told otherwise. */
export function openGuard(name: string): Guard & { close(): void } {
  let open = true
  return {
    check: () => {
      if (!open) throw new DatabaseError('other', 'CLOSED', `The database of ${name} is closed.`)
    },
    failed: () => {},
    close: () => {
      open = false
    },
  }
}
