import { existsSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import { type Check, fail, type Finding, ok, warn } from '../check.ts'
import { postgresSchemaName } from './columns.ts'
import { dialectOf, sqliteFile } from './open.ts'
import { connectPostgres } from './postgres-connection.ts'

/** Below this the clocks of two machines do not matter: leases last for half a minute. */
const clockToleranceMs = 2_000
const leastPostgres = 150_000

/** Whether the databases of these modules can be used as they must be; reads only. */
export const databaseChecks = (url: string, modules: readonly string[]): Check[] =>
  dialectOf(url) === 'sqlite'
    ? modules.map((module) => ({ name: `database ${module}`, run: async () => checkSqlite(sqliteFile(url, module)) }))
    : [{ name: 'database', run: () => checkPostgres(url, modules) }]

function checkSqlite(file: string): Finding {
  if (!existsSync(file)) return ok(`${file} is not there yet; the first start makes it.`)
  const connection = new Sqlite(file, { readonly: true, fileMustExist: true })
  try {
    if (connection.pragma('journal_mode', { simple: true }) !== 'wal') {
      return fail(`${file} has no write-ahead log; put it on a local disk, and start Vellum once.`)
    }
    // Each connection sets it for itself, and the start refuses a disk on which it does not take.
    connection.pragma('synchronous = FULL')
    if (connection.pragma('synchronous', { simple: true }) !== 2) return fail(`${file} cannot be written durably; put it on a local disk.`)
    return ok(`${file} opens, with a write-ahead log and full synchronisation.`)
  } finally {
    connection.close()
  }
}

async function checkPostgres(url: string, modules: readonly string[]): Promise<Finding> {
  const client = await connectPostgres(url)
  try {
    const asked = Date.now()
    const { rows: [told] } = await client.query(
      `select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
         extract(epoch from clock_timestamp()) * 1000 as now, current_setting('synchronous_commit') as synchronous,
         current_setting('fsync') as fsync, has_database_privilege(current_database(), 'CREATE') as may_create,
         (select rolsuper from pg_roles where rolname = current_user) as super,
         (select rolcreaterole from pg_roles where rolname = current_user) as may_make_roles`)
    const offMs = Math.round(Number(told.now) - (asked + Date.now()) / 2)
    if (told.number < leastPostgres) return fail(`Postgres is version ${told.version}; run 15 or newer.`)
    if (Math.abs(offMs) > clockToleranceMs) {
      return fail(`The clock of the database is ${offMs} ms off this machine's; keep both with NTP.`)
    }
    if (told.fsync !== 'on' || told.synchronous === 'off') {
      return fail('Postgres may lose what it has committed; set fsync and synchronous_commit to on.')
    }
    const roles = modules.map(postgresSchemaName)
    const { rows } = await client.query('select rolname from pg_roles where rolname = any($1)', [roles])
    const missing = roles.filter((role) => !rows.some(({ rolname }) => rolname === role))
    if (missing.length > 0 && !told.super && !told.may_make_roles) {
      return fail(`The roles ${missing.join(', ')} are missing and this user may not make them; see docs/operations.md, Postgres.`)
    }
    if (!told.may_create && missing.length > 0) return fail('This user may not make schemas; grant it CREATE on the database.')
    if (told.super) return warn('The user of DATABASE_URL is a superuser, which stands above every wall between modules; use one that is not.')
    return ok(`Postgres ${told.version} answers; its clock is ${Math.abs(offMs)} ms off.`)
  } finally {
    await client.end().catch(() => {})
  }
}
