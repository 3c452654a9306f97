import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'

/** Whether a column has this text somewhere in it, which is not empty; exact, unlike `like`. */
export const textIncludes = (column: SQLWrapper, text: string): SQL =>
  // Both databases have `replace`; neither has the other's name for where something is.
  sql`replace(${column}, ${text}, '') <> ${column}`
