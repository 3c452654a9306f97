import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Postgres, startPostgres } from '../../../test/servers/postgres.ts'
import type { OrganizationId } from '../organization-id.ts'
import { initialMigration, notesSchema, openNotes, temporaryFolder } from './notes-fixture.ts'
import { dropDatabase, hasDatabase } from './emptiness.ts'
import { migrateDatabase } from './open.ts'
import { openLoader, openSnapshot } from './snapshot.ts'
import { copiedAtOnce, tableShapes } from './table-shapes.ts'

let postgres: Postgres
const folders: ReturnType<typeof temporaryFolder>[] = []
beforeAll(async () => {
  postgres = await startPostgres()
}, 60_000)
afterAll(async () => {
  folders.forEach((folder) => folder.remove())
  await postgres.stop()
})

const acme = 'acme' as OrganizationId
const shapes = tableShapes(notesSchema)

async function emptyDatabase(dialect: 'sqlite' | 'postgres'): Promise<string> {
  if (dialect === 'postgres') return postgres.createDatabase()
  folders.push(temporaryFolder())
  return `sqlite:${folders.at(-1)!.path}`
}

const hostile = [
  { id: 'all', title: `"quoted" 'twice' \\ \u2028 line\nend \u{1F393}`, done: true, size: Number.MAX_SAFE_INTEGER, writtenAt: new Date('2026-02-28T23:59:59.999Z'), content: { a: [1, null, '1'], b: { c: 'é' } }, seal: Buffer.from([0, 10, 13, 255]) },
  { id: 'none', title: '', done: false, size: null, writtenAt: null, content: null, seal: null },
  { id: 'before 1970', title: 'old', done: false, size: -1, writtenAt: new Date(-1), content: '1', seal: Buffer.alloc(0) },
]

describe.each([['sqlite', 'sqlite'], ['sqlite', 'postgres'], ['postgres', 'sqlite'], ['postgres', 'postgres']] as const)('a copy from %s to %s', (from, to) => {
  it('holds one moment, while others write, and every kind of value as it was', async () => {
    const [source, target] = [await emptyDatabase(from), await emptyDatabase(to)]
    const database = await openNotes(source)
    await database.transaction(async (tx) => {
      for (const note of hostile) await tx.insert(tx.tables.notes).values({ organizationId: acme, ...note })
      const many = Array.from({ length: copiedAtOnce * 2 }, (_, at) => ({ id: `many ${at}`, organizationId: acme, title: `many ${at}` }))
      await tx.insert(tx.tables.notes).values(many)
    })
    await database.transaction((tx) => tx.audit({ organizationId: acme, action: 'note.written', target: 'all' }))

    const snapshot = await openSnapshot('notes', source)
    await migrateDatabase({ schema: notesSchema, url: target, migrations: [await initialMigration(notesSchema, to)] })
    const loader = await openLoader('notes', target)
    let [first, copied] = [true, 0]
    for (const shape of shapes)
      for await (const rows of snapshot.rows(shape)) {
        if (first) {
          await database.transaction(async (tx) => {
            await tx.insert(tx.tables.notes).values({ id: 'late', organizationId: acme, title: 'late' })
            await tx.update(tx.tables.notes).set({ title: 'changed' }).where(eq(tx.tables.notes.id, 'none'))
          })
        }
        first = false
        await loader.insert(shape, rows)
        copied += rows.length
      }
    await loader.finish()
    await loader.close()
    await snapshot.close()
    await database.close()

    expect(snapshot.migrations).toEqual(['0001-initial'])
    expect(copied).toBeGreaterThanOrEqual(hostile.length + copiedAtOnce * 2)
    const restored = await openNotes(target, { migrate: false })
    const { notes } = restored.tables
    expect(await restored.read.$count(notes)).toBe(hostile.length + copiedAtOnce * 2)
    for (const { id, ...note } of hostile) {
      const [row] = await restored.read.select().from(notes).where(eq(notes.id, id))
      expect({ ...row, seal: row!.seal && Buffer.from(row!.seal) }).toEqual({ id, organizationId: acme, ...note })
    }
    await restored.close()
    expect(await hasDatabase('notes', target)).toBe(true)
    await dropDatabase('notes', target)
    expect(await hasDatabase('notes', target)).toBe(false)
  })
})
