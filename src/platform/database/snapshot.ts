import { dialectOf, type DatabaseUrl, sqliteFile } from './open.ts'
import { openPostgresLoader, openPostgresSnapshot } from './postgres-copy.ts'
import { openSqliteLoader, openSqliteSnapshot } from './sqlite-copy.ts'
import type { Loader, Snapshot } from './table-shapes.ts'

/** @throws when the module's database is not there */
export const openSnapshot = (module: string, url: DatabaseUrl): Promise<Snapshot> =>
  dialectOf(url) === 'sqlite' ? openSqliteSnapshot(sqliteFile(url, module)) : openPostgresSnapshot(module, url)

/** On SQLite the caller holds the lock on the folder. */
export const openLoader = (module: string, url: DatabaseUrl): Promise<Loader> =>
  dialectOf(url) === 'sqlite' ? openSqliteLoader(sqliteFile(url, module)) : openPostgresLoader(module, url)
