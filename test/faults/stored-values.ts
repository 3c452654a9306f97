import Sqlite from 'better-sqlite3'
import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { query } from '../servers/postgres.ts'
import { readTree } from './files.ts'

/** A value as a stranger with the database finds it. */
export interface StoredValue {
  readonly where: string
  readonly bytes: Buffer
}

/** Every row of every table of every module, whatever these call it. */
export async function* storedRows(place: { dataDir: string } | { url: string }): AsyncGenerator<{ where: string; row: Record<string, unknown> }> {
  if ('dataDir' in place) {
    for (const file of readdirSync(place.dataDir).filter((name) => name.endsWith('.sqlite'))) {
      const database = new Sqlite(join(place.dataDir, file), { readonly: true })
      try {
        const tables = database.prepare(`select name from sqlite_master where type = 'table'`).pluck().all() as string[]
        for (const table of tables)
          for (const row of database.prepare(`select * from "${table}"`).all() as Record<string, unknown>[]) yield { where: `${file} ${table}`, row }
      } finally {
        database.close()
      }
    }
    return
  }
  const tables = await query(place.url, `select table_schema as s, table_name as t from information_schema.tables where table_schema like 'vellum\\_%'`)
  for (const { s, t } of tables) for (const row of await query(place.url, `select * from "${s as string}"."${t as string}"`)) yield { where: `${s as string} ${t as string}`, row }
}

/** What is sealed: every envelope in a column of bytes, and every file of a folder of blobs. */
export async function sealedValues(place: { dataDir: string } | { url: string }, blobs: string): Promise<StoredValue[]> {
  const found: StoredValue[] = []
  for await (const { where, row } of storedRows(place))
    for (const [column, value] of Object.entries(row))
      if (value instanceof Uint8Array && value[0] === 1 && value[1] === 1 && value.length > 40) found.push({ where: `${where}.${column}`, bytes: Buffer.from(value) })
  // What begins with a dot is on its way to its name.
  for (const [path, bytes] of readTree(blobs)) if (!basename(path).startsWith('.')) found.push({ where: path, bytes })
  return found
}

/** Whose key, and which version of it; by the form that decision 0070 fixes for ever. */
export function keyOf({ bytes }: StoredValue): { subject: string; version: number } {
  const end = 3 + bytes[2]!
  return { subject: bytes.toString('utf8', 3, end), version: bytes.readUInt32BE(end) }
}

/** How many values there are under each key, of those that are not a person's. */
export function countByKey(values: readonly StoredValue[], subjects: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const value of values) {
    const { subject, version } = keyOf(value)
    if (!subject.startsWith('master:') && !subjects.includes(subject)) continue
    const name = subject.startsWith('master:') ? subject : `${subject} ${version}`
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}
