import { createHash } from 'node:crypto'
import { globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SQL } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { Client } from 'pg'
import { auditGuardStatements, auditHook } from '#platform/audit/audit.ts'
import { createKeyRing, type FetchedKey } from '#platform/crypto/key-ring.ts'
import type { KeyRing } from '#platform/crypto/key-ring-types.ts'
import { migrateDatabase } from '#platform/database/open.ts'
import { openPostgres } from '#platform/database/postgres.ts'
import type { Schema } from '#platform/database/schema.ts'
import { openSqlite } from '#platform/database/sqlite.ts'
import type { PlatformDatabase, TransactionHooks } from '#platform/database/transaction.ts'
import { publishHook } from '#platform/events/outbox.ts'
import { addStepHook, steerStepsHook } from '#platform/work/steps.ts'
import { type Postgres, startPostgres } from '../servers/postgres.ts'
import { initialMigration } from './schema-statements.ts'

/** Everything that a transaction can do, as the composition at start gives it. */
export const hooksOf = (module: string, keys: KeyRing): TransactionHooks => ({
  publish: publishHook(keys),
  addStep: addStepHook,
  steerSteps: steerStepsHook,
  audit: auditHook(module),
})

/** A key ring over made-up keys; `erase` is what identity does when a person is erased, `rotate` when a key gets other versions. */
export function testKeys() {
  const erased = new Set<string>()
  const versions = new Map<string, readonly number[]>()
  const keyOf = (subject: string, version: number) => createHash('sha256').update(version === 1 ? subject : `${subject} ${version}`).digest('base64')
  const ring = createKeyRing({
    fetchKeys: async (subjects) => subjects.flatMap((subject): FetchedKey[] => erased.has(subject)
      ? [{ subject, version: 1, key: null, erased: true }]
      : (versions.get(subject) ?? [1]).map((version) => ({ subject, version, key: keyOf(subject, version), erased: false }))),
  })
  return {
    ring,
    erase: (subject: string) => (erased.add(subject), ring.forget(subject)),
    rotate: (subject: string, to: readonly number[]) => (versions.set(subject, to), ring.renew(subject)),
  }
}

export interface TestDatabase<T> {
  readonly database: PlatformDatabase<T>
  /** The SQLite file; empty on Postgres. */
  readonly file: string
  /** Works past the module's own rights, as who owns the database can. */
  asOwner(work: (rows: (query: SQL) => Promise<unknown>) => Promise<unknown>): Promise<void>
  /** Every file that SQLite wrote. */
  files(): string[]
  close(): Promise<void>
}

/** A SQLite database in a folder of its own; with `file`, one that exists already. */
export async function sqliteDatabase<T>(schema: Schema<T>, keys: KeyRing, file?: string): Promise<TestDatabase<T>> {
  const folder = file === undefined ? mkdtempSync(join(tmpdir(), 'vellum-test-')) : undefined
  const path = file ?? join(folder!, `${schema.module}.sqlite`)
  if (folder) {
    await migrateDatabase({
      schema,
      url: `sqlite:${folder}`,
      migrations: [await initialMigration(schema, 'sqlite')],
      guards: auditGuardStatements,
    })
  }
  const database = openSqlite({ schema, file: path, hooks: hooksOf(schema.module, keys) })
  return {
    database,
    file: path,
    // A module owns its file.
    asOwner: async (work) => void (await database.platformTransaction((_, raw) => work((query) => raw.rows(query)))),
    files: () => globSync(`${path}*`),
    async close() {
      await database.close()
      if (folder) rmSync(folder, { recursive: true, force: true })
    },
  }
}

let server: Promise<Postgres> | undefined

/** A Postgres database of its own, on a server that all tests of this process share and that ends with it. */
export async function postgresDatabase<T>(
  schema: Schema<T>,
  keys: KeyRing,
  reuse?: string,
): Promise<TestDatabase<T> & { url: string }> {
  const url = reuse ?? await (await (server ??= startPostgres())).createDatabase()
  if (!reuse) {
    await migrateDatabase({
      schema, url, migrations: [await initialMigration(schema, 'postgres')], guards: auditGuardStatements,
    })
  }
  const database = openPostgres({ schema, url, hooks: hooksOf(schema.module, keys) })
  const asOwner: TestDatabase<T>['asOwner'] = async (work) => {
    const client = new Client({ connectionString: url })
    await client.connect()
    const owner = drizzle(client, { casing: 'snake_case' })
    await work((query) => owner.execute(query)).finally(() => client.end())
  }
  return { database, url, file: '', asOwner, files: () => [], close: () => database.close() }
}

type Open = <T>(schema: Schema<T>, keys: KeyRing) => Promise<TestDatabase<T>>

/** For `describe.each`: the same test on both. */
export const testDialects: [string, Open][] = [['SQLite', sqliteDatabase], ['Postgres', postgresDatabase]]
