import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Postgres, startPostgres } from '../../../test/servers/postgres.ts'
import { type Migration, migrationsFromFolder } from './migration.ts'
import { initialMigration, notesSchema, openNotes, temporaryFolder } from './notes-fixture.ts'
import { migrateDatabase, sqliteFile } from './open.ts'
import { generateMigrations } from '../../../scripts/lib/generate-migrations.ts'
import { defineSchema } from './schema.ts'

let postgres: Postgres
beforeAll(async () => {
  postgres = await startPostgres()
}, 60_000)
afterAll(() => postgres.stop())

describe.each(['sqlite', 'postgres'] as const)('migrating on %s', (dialect) => {
  const folders: ReturnType<typeof temporaryFolder>[] = []
  const schemaPrefix = dialect === 'postgres' ? 'vellum_notes.' : ''
  afterAll(() => folders.forEach((folder) => folder.remove()))

  async function emptyDatabase(): Promise<string> {
    if (dialect === 'postgres') return postgres.createDatabase()
    folders.push(temporaryFolder())
    return `sqlite:${folders.at(-1)!.path}`
  }
  const second: Migration = { name: '0002-more', sql: `create table ${schemaPrefix}more (id text primary key)` }
  const migrate = async (url: string, further: readonly Migration[] = []) =>
    migrateDatabase({ schema: notesSchema, url, migrations: [...further, await initialMigration(notesSchema, dialect)] })

  it('applies each once, in the order of names', async () => {
    const url = await emptyDatabase()
    expect(await migrate(url)).toEqual(['0001-initial'])
    expect(await migrate(url, [second])).toEqual(['0002-more'])
    expect(await migrate(url, [second])).toEqual([])
    const database = await openNotes(url, { migrate: false })
    expect(await database.raw.rows(sql.raw(`select id from ${schemaPrefix}more`))).toEqual([])
    await database.close()
  })

  it('applies nothing of one that fails', async () => {
    const url = await emptyDatabase()
    const broken = { ...second, sql: `${second.sql}; create table ${schemaPrefix}more (id text)` }
    await expect(migrate(url, [broken])).rejects.toThrow(/more/)
    expect(await migrate(url, [second])).toEqual(['0002-more'])
  })

  it('refuses an applied one that was edited, but not for its line ends', async () => {
    const url = await emptyDatabase()
    await migrate(url, [{ ...second, sql: `${second.sql}\n` }])
    expect(await migrate(url, [{ ...second, sql: `${second.sql}\r\n` }])).toEqual([])
    await expect(migrate(url, [{ ...second, sql: `${second.sql} ` }]))
      .rejects.toThrow('The migration 0002-more of notes was edited after it had been applied; put it back, and write a new one.')
  })

  it('refuses a database newer than the code, and a migration that comes too late', async () => {
    const url = await emptyDatabase()
    await migrate(url, [second])
    await expect(migrate(url)).rejects.toThrow(/^The database of notes was migrated by a newer version of Vellum \(0002-more\)/)
    await expect(migrate(url, [second, { name: '0001-late', sql: '' }])).rejects.toThrow(/comes before 0002-more/)
  })

  it('runs guards at every start', async () => {
    const url = await emptyDatabase()
    const migrations = [await initialMigration(notesSchema, dialect)]
    const guards = (_: string, schema: string) => [
      `create table if not exists ${dialect === 'postgres' ? `${schema}.` : ''}guard (id text)`,
    ]
    await migrateDatabase({ schema: notesSchema, url, migrations, guards })
    await migrateDatabase({ schema: notesSchema, url, migrations, guards })
  })
})

describe('several processes that start at once on Postgres', () => {
  it('migrate one after the other, in one database and in several', async () => {
    const urls = await Promise.all([postgres.createDatabase(), postgres.createDatabase()])
    const schema = defineSchema('fresh', (kit) => ({ things: kit.table('things', { id: kit.id().primaryKey() }) }))
    const migrations = [await initialMigration(schema, 'postgres')]
    const applied = await Promise.all([0, 1, 0, 1, 0, 1].map((i) => migrateDatabase({ schema, url: urls[i]!, migrations })))
    expect(applied.flat()).toEqual(['0001-initial', '0001-initial'])
  })
})

describe('generated migrations', () => {
  it('start from the snapshot beside them, and are empty when nothing changed', async () => {
    const [sqlite, onPostgres] = await generateMigrations(notesSchema, '/nonexistent')
    expect(sqlite!.sql).toContain('CREATE TABLE `notes`')
    expect(sqlite!.sql).toContain('`written_at` integer')
    expect(onPostgres!.sql).toContain('CREATE TABLE "vellum_notes"."notes"')
    const { path, remove } = temporaryFolder()
    mkdirSync(join(path, 'sqlite'))
    writeFileSync(join(path, 'sqlite/snapshot.json'), sqlite!.snapshot)
    writeFileSync(join(path, 'sqlite/0001-initial.sql'), sqlite!.sql)
    const changed = defineSchema('notes', (kit) => ({
      ...notesSchema.sqlite().tables,
      tags: kit.table('tags', { id: kit.id().primaryKey() }),
    }))
    expect((await generateMigrations(notesSchema, path))[0]!.sql).toBe('')
    expect((await generateMigrations(changed, path))[0]!.sql).toMatch(/^CREATE TABLE `tags`/)
    expect(migrationsFromFolder(join(path, 'sqlite'))).toEqual([{ name: '0001-initial', sql: sqlite!.sql }])
    expect(migrationsFromFolder(join(path, 'postgres'))).toEqual([])
    remove()
  })
})

describe('a SQLite URL', () => {
  it('names a folder with a file per module', () => {
    expect(sqliteFile('sqlite:./data', 'issuance')).toBe('data/issuance.sqlite')
    expect(sqliteFile('sqlite:///srv/vellum', 'issuance')).toBe('/srv/vellum/issuance.sqlite')
  })
})
