import { chmodSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { openConnection } from './sqlite-connection.ts'
import { type AppliedMigration, type Migration, migrationHash, pendingMigrations } from './migration.ts'

/** Applies what is missing, each in a transaction. The caller holds the data directory's lock. */
export function migrateSqlite(
  module: string,
  file: string,
  migrations: readonly Migration[],
  guards: readonly string[] = [],
): string[] {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const { raw } = openConnection(file)
  try {
    // The log and its index take their permissions from the file.
    chmodSync(file, 0o600)
    // A migration may rebuild a table that others refer to.
    raw.pragma('foreign_keys = OFF')
    raw.exec(
      'create table if not exists vellum_migrations (name text primary key, hash text not null, applied_at integer not null)',
    )
    const applied = raw.prepare('select name, hash from vellum_migrations').all() as AppliedMigration[]
    const pending = pendingMigrations(module, migrations, applied)
    for (const migration of pending) {
      raw.transaction(() => {
        raw.exec(migration.sql)
        raw.prepare('insert into vellum_migrations values (?, ?, ?)')
          .run(migration.name, migrationHash(migration), Date.now())
        if ((raw.pragma('foreign_key_check') as unknown[]).length > 0) {
          throw new Error(`The migration ${migration.name} of ${module} would leave rows that refer to nothing.`)
        }
      }).immediate()
    }
    for (const guard of guards) raw.exec(guard)
    return pending.map(({ name }) => name)
  } finally {
    raw.close()
  }
}
