import { sql } from 'drizzle-orm'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateMigrations } from '../../../scripts/lib/generate-migrations.ts'
import type { Dialect } from './database.ts'
import { migrateDatabase, openDatabase } from './open.ts'
import { defineSchema, type Schema } from './schema.ts'
import type { PlatformDatabase, TransactionHooks } from './transaction.ts'

/** A module's schema with every kind of column, for the tests of this folder. */
export const notesSchema = defineSchema('notes', (kit) => ({
  notes: kit.tenantTable(
    'notes',
    {
      id: kit.id().primaryKey(),
      organizationId: kit.text().notNull(),
      title: kit.text().notNull().default('untitled'),
      done: kit.bool().notNull().default(false),
      size: kit.integer(),
      writtenAt: kit.instant(),
      content: kit.json<unknown>(),
      seal: kit.bytes(),
    },
    (t) => [
      kit.uniqueIndex('notes_by_title').on(t.organizationId, t.title),
      kit.index('notes_open').on(t.writtenAt).where(sql`done = false`),
    ],
  ),
  counters: kit.table('counters', { id: kit.id().primaryKey(), value: kit.integer().notNull() }),
}))
export type Notes = ReturnType<typeof notesSchema.sqlite>['tables']

/** Publishes and steps are rows of the platform's tables; here only the notices matter. */
export const countingHooks: TransactionHooks = {
  publish: async (tx) => tx.notify({ events: 1 }),
  steerSteps: async () => {},
  addStep: async (tx, step) => tx.notify({ stepKind: step.kind }),
  audit: async () => {},
}

export async function initialMigration(schema: Schema<any>, dialect: Dialect) {
  const generated = await generateMigrations(schema, '/nonexistent')
  return { name: '0001-initial', sql: generated.find((migration) => migration.dialect === dialect)!.sql }
}

export async function openNotes(url: string, options: { migrate?: boolean } = {}): Promise<PlatformDatabase<Notes>> {
  if (options.migrate !== false) {
    const dialect = url.startsWith('sqlite:') ? 'sqlite' : 'postgres'
    await migrateDatabase({ schema: notesSchema, url, migrations: [await initialMigration(notesSchema, dialect)] })
  }
  return openDatabase({ schema: notesSchema, url, hooks: countingHooks })
}

export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'vellum-database-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
