export type DatabaseErrorKind =
  /** A unique index or primary key refused the row. */
  | 'unique'
  /** Another constraint refused it: not null, foreign key, check. */
  | 'constraint'
  /** Lost against a concurrent transaction; the whole transaction may be run again. */
  | 'conflict'
  /** No space, an I/O error, no connection, a lock or statement that took too long: not the caller's fault. */
  | 'unavailable'
  /** A role or a row-level policy refused it. */
  | 'forbidden'
  /** An earlier statement of this transaction failed, so nothing more runs in it. */
  | 'aborted'
  | 'other'

/**
 * What a statement failed with, in the same words for both dialects. It carries neither parameters nor the driver's
 * detail, which quote stored values: it may be logged.
 */
export class DatabaseError extends Error {
  readonly kind: DatabaseErrorKind
  /** The driver's code: `SQLITE_FULL`, or an SQLSTATE. */
  readonly code: string

  constructor(kind: DatabaseErrorKind, code: string, message: string) {
    super(message)
    this.name = 'DatabaseError'
    this.kind = kind
    this.code = code
  }
}

export const isUniqueViolation = (error: unknown): boolean => error instanceof DatabaseError && error.kind === 'unique'

const sqliteUnavailable = /^SQLITE_(FULL|IOERR|BUSY|LOCKED|NOMEM|CANTOPEN|READONLY|CORRUPT|NOTADB|PROTOCOL)/

/** Errors that are no statement's failure (a wrong bind type, a closed connection) come back as they are. */
export function fromSqliteError(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (!code.startsWith('SQLITE_')) return error
  // SQLite's messages name tables and columns, never values.
  const message = `${code}: ${(error as Error).message}`
  if (code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY') {
    return new DatabaseError('unique', code, message)
  }
  if (code.startsWith('SQLITE_CONSTRAINT')) return new DatabaseError('constraint', code, message)
  if (sqliteUnavailable.test(code)) return new DatabaseError('unavailable', code, message)
  return new DatabaseError('other', code, message)
}

/** SQLSTATE classes that speak of the server or the connection: 08, 53, 57, 58, and lock time-outs. */
const postgresUnavailable = /^(08|53|57|58|55P03|25P0[34]|25006)/

export function fromPostgresError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DatabaseError) return error
  const { code, constraint, table } = error as { code?: unknown; constraint?: string; table?: string }
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) {
    return connectionFailed(error) ? new DatabaseError('unavailable', connectionCode(error), error.message) : error
  }
  if (code === '23505') return new DatabaseError('unique', code, `${code}: unique constraint ${constraint} of ${table}`)
  if (code.startsWith('23')) return new DatabaseError('constraint', code, `${code}: constraint ${constraint} of ${table}`)
  // Class 22 quotes the value that it could not read.
  if (code.startsWith('22')) return new DatabaseError('other', code, `${code}: a value does not fit its column`)
  const message = `${code}: ${error.message}`
  if (code === '40001' || code === '40P01') return new DatabaseError('conflict', code, message)
  if (code === '25P02') return new DatabaseError('aborted', code, message)
  if (code === '42501') return new DatabaseError('forbidden', code, message)
  if (postgresUnavailable.test(code)) return new DatabaseError('unavailable', code, message)
  return new DatabaseError('other', code, message)
}

const connectionCode = (error: Error): string => ('code' in error ? String(error.code) : 'CONNECTION')

/** What pg throws without an SQLSTATE when the connection breaks or cannot be made. */
const connectionFailed = (error: Error): boolean =>
  /^E[A-Z]+$/.test(connectionCode(error)) ||
  /terminated|timeout exceeded|not queryable|connection error|connect timeout/i.test(error.message)
