import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { auditGuardStatements, auditHook } from '#platform/audit/audit.ts'
import { createKeyRing } from '#platform/crypto/key-ring.ts'
import type { KeyRing } from '#platform/crypto/key-ring-types.ts'
import { migrateSqlite } from '#platform/database/migrate-sqlite.ts'
import type { Schema } from '#platform/database/schema.ts'
import { openSqlite } from '#platform/database/sqlite.ts'
import type { PlatformDatabase, TransactionHooks } from '#platform/database/transaction.ts'
import { publishHook } from '#platform/events/outbox.ts'
import { addStepHook } from '#platform/work/steps.ts'
import { initialMigration } from './schema-statements.ts'

/** Everything that a transaction can do, as the composition at start gives it. */
export const hooksOf = (module: string, keys: KeyRing): TransactionHooks => ({
  publish: publishHook(keys),
  addStep: addStepHook,
  audit: auditHook(module),
})

/** A key ring over made-up keys; `erase` is what identity does when a person is erased. */
export function testKeys() {
  const erased = new Set<string>()
  const ring = createKeyRing({
    fetchKeys: async (subjects) => subjects.map((subject) => erased.has(subject)
      ? { subject, version: 1, key: null, erased: true }
      : { subject, version: 1, key: Buffer.from(subject.padEnd(32, '.').slice(0, 32)).toString('base64'), erased: false }),
  })
  return { ring, erase: (subject: string) => (erased.add(subject), ring.forget(subject)) }
}

export interface TestDatabase<T> {
  readonly database: PlatformDatabase<T>
  readonly file: string
  close(): Promise<void>
}

/** A SQLite database in a folder of its own; with `file`, one that exists already. */
export async function sqliteDatabase<T>(schema: Schema<T>, keys: KeyRing, file?: string): Promise<TestDatabase<T>> {
  const folder = file === undefined ? mkdtempSync(join(tmpdir(), 'vellum-test-')) : undefined
  const path = file ?? join(folder!, `${schema.module}.sqlite`)
  const guard = { name: '0001-audit-append-only', sql: auditGuardStatements('sqlite').join(';\n') }
  if (folder) migrateSqlite(schema.module, path, [await initialMigration(schema, 'sqlite'), guard])
  const database = openSqlite({ schema, file: path, hooks: hooksOf(schema.module, keys) })
  return {
    database,
    file: path,
    async close() {
      await database.close()
      if (folder) rmSync(folder, { recursive: true, force: true })
    },
  }
}
