/** An instant as raw SQL answers it: milliseconds on SQLite, a Date on Postgres. */
export function instantOf(value: unknown): Date | undefined {
  if (value === null || value === undefined) return undefined
  return value instanceof Date ? value : new Date(Number(value))
}
