import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One step from a schema to the next, applied in the order of names and never edited afterwards. */
export interface Migration {
  /** `0001-initial`. */
  readonly name: string
  readonly sql: string
}

export interface AppliedMigration {
  readonly name: string
  readonly hash: string
}

/** SHA-256 of the text, hexadecimal; line ends do not count, because a checkout may change them. */
export const migrationHash = (migration: Migration): string =>
  createHash('sha256').update(migration.sql.replaceAll('\r\n', '\n')).digest('hex')

/** The migrations in a folder `{dialect}/`, in order; none when there is no such folder. */
export function migrationsFromFolder(folder: string): Migration[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => ({ name: file.slice(0, -'.sql'.length), sql: readFileSync(join(folder, file), 'utf8') }))
}

/**
 * What is still to be applied.
 * @throws one sentence when the database went another way than these migrations: newer, or with one that was edited since
 */
export function pendingMigrations(
  module: string,
  known: readonly Migration[],
  applied: readonly AppliedMigration[],
): Migration[] {
  const hashes = new Map(applied.map(({ name, hash }) => [name, hash]))
  for (const { name } of applied) {
    if (known.some((migration) => migration.name === name)) continue
    throw new Error(
      `The database of ${module} was migrated by a newer version of Vellum (${name}); start that version, or restore a backup from before it.`,
    )
  }
  const pending = known.filter((migration) => {
    const hash = hashes.get(migration.name)
    if (hash !== undefined && hash !== migrationHash(migration)) {
      throw new Error(
        `The migration ${migration.name} of ${module} was edited after it had been applied; put it back, and write a new one.`,
      )
    }
    return hash === undefined
  })
  const last = applied.map(({ name }) => name).sort().at(-1)
  const late = pending.find(({ name }) => last !== undefined && name < last)
  if (late) throw new Error(`The migration ${late.name} of ${module} comes before ${last}, which is applied; give it a later number.`)
  return pending
}
