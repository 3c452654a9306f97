import { sql } from 'drizzle-orm'
import { type PreparedStatement, preparedStatement } from '#platform/database/prepared-statement.ts'
import type { PlatformDatabase } from '#platform/database/transaction.ts'

/** How the database would run a statement, a line for each part. */
export async function planOf<V extends object>(
  database: PlatformDatabase<any>,
  statement: PreparedStatement<V, any>,
  values: V,
): Promise<string[]> {
  const explained = preparedStatement<V, Record<string, string>>((kit) =>
    sql`${sql.raw(kit.dialect === 'sqlite' ? 'explain query plan' : 'explain')} ${statement.build(kit)}`)
  // Where it may write, though it does not.
  const rows = await database.platformTransaction((_, raw) => raw.execute(explained, values))
  return rows.map((row) => (row.detail ?? row['QUERY PLAN'])!.trim())
}

/** The lines that read all of a table instead of looking in an index. */
export const fullReads = (plan: readonly string[], tables: readonly string[]): string[] =>
  plan.filter((line) => tables.some((table) => new RegExp(`^(->\\s+)?(SCAN|Seq Scan on) ${table}\\b(?!.*INDEX)`).test(line)))
