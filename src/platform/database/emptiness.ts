import { existsSync, renameSync, rmSync } from 'node:fs'
import { postgresSchemaName } from './columns.ts'
import { dialectOf, type DatabaseUrl, sqliteFile } from './open.ts'
import { connectPostgres } from './postgres-connection.ts'

/** Whether a module has a database there: a file, or a schema with tables. */
export async function hasDatabase(module: string, url: DatabaseUrl): Promise<boolean> {
  if (dialectOf(url) === 'sqlite') return existsSync(sqliteFile(url, module))
  const client = await connectPostgres(url)
  try {
    const { rows } = await client.query('select 1 from pg_tables where schemaname = $1 limit 1', [postgresSchemaName(module)])
    return rows.length > 0
  } finally {
    await client.end()
  }
}

/** Removes a module's database with everything in it. */
export async function dropDatabase(module: string, url: DatabaseUrl): Promise<void> {
  if (dialectOf(url) === 'sqlite') {
    for (const suffix of ['', '-wal', '-shm']) rmSync(sqliteFile(url, module) + suffix, { force: true })
    return
  }
  const client = await connectPostgres(url)
  try {
    await client.query(`drop schema if exists "${postgresSchemaName(module)}" cascade`)
  } finally {
    await client.end()
  }
}

/** Keeps a module's database under another name, in the place of one that was set aside before: nothing runs on it any more. */
export async function setDatabaseAside(module: string, url: DatabaseUrl): Promise<void> {
  if (dialectOf(url) === 'sqlite') {
    for (const suffix of ['', '-wal', '-shm']) {
      const file = sqliteFile(url, module) + suffix
      rmSync(`${file}.moved`, { force: true })
      if (existsSync(file)) renameSync(file, `${file}.moved`)
    }
    return
  }
  const client = await connectPostgres(url)
  const name = postgresSchemaName(module)
  try {
    await client.query(`drop schema if exists "${name}_moved" cascade; alter schema "${name}" rename to "${name}_moved"`)
  } finally {
    await client.end()
  }
}
