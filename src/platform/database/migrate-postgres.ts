import type pg from 'pg'
import { postgresSchemaName } from './columns.ts'
import { type AppliedMigration, type Migration, migrationHash, pendingMigrations } from './migration.ts'
import { grantAccess, prepareRole } from './postgres-access.ts'
import { connectPostgres } from './postgres-connection.ts'

/** Applies what is missing, each in a transaction, one starting process after the other; then role, grants and policies. */
export async function migratePostgres(
  module: string,
  url: string,
  migrations: readonly Migration[],
  guards: readonly string[],
  tenantTables: readonly string[],
): Promise<string[]> {
  const client = await connectPostgres(url)
  try {
    await client.query(`select pg_advisory_lock(hashtext('vellum.migrations'), hashtext(current_database()))`)
    await prepareRole(client, module)
    const table = `"${postgresSchemaName(module)}".vellum_migrations`
    await client.query(
      `create table if not exists ${table} (name text primary key, hash text not null, applied_at timestamptz not null)`,
    )
    const { rows } = await client.query<AppliedMigration>(`select name, hash from ${table}`)
    const pending = pendingMigrations(module, migrations, rows)
    for (const migration of pending) {
      await inTransaction(client, async () => {
        await client.query(migration.sql)
        await client.query(`insert into ${table} values ($1, $2, now())`, [migration.name, migrationHash(migration)])
      })
    }
    await inTransaction(client, async () => {
      await grantAccess(client, module, tenantTables)
      for (const guard of guards) await client.query(guard)
    })
    return pending.map(({ name }) => name)
  } finally {
    // Ends the advisory lock too.
    await client.end()
  }
}

async function inTransaction(client: pg.Client, work: () => Promise<void>): Promise<void> {
  await client.query('begin')
  try {
    await work()
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}
