import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import type { OrganizationId } from '../organization-id.ts'
import { openNotes } from './notes-fixture.ts'

// Run by sqlite.test.ts as a process whose files may not grow beyond a limit: sixty transactions at once, some too large.
// Prints, for each, what it was told, whether another connection found it at that moment, and how often it ran.
const [folder] = process.argv.slice(2) as [string]
const database = await openNotes(`sqlite:${folder}`, { migrate: !existsSync(join(folder, 'notes.sqlite')) })
const { notes } = database.tables

function inFile(id: string): boolean {
  const connection = new Sqlite(join(folder, 'notes.sqlite'), { readonly: true })
  const found = connection.prepare('select 1 from notes where id = ?').get(id) !== undefined
  connection.close()
  return found
}

const results = await Promise.all(Array.from({ length: 60 }, async (_, i) => {
  const id = `n${i}`
  let runs = 0
  const told = await database.transaction(async (tx) => {
    runs++
    const seal = new Uint8Array(i % 7 === 3 ? 300_000 : 9_000)
    await tx.insert(notes).values({ id, organizationId: 'org-1' as OrganizationId, title: id, seal })
  }).then(() => 'yes', (error: { code?: string }) => String(error.code))
  return { id, told, found: inFile(id), runs }
}))
process.stdout.write(JSON.stringify(results))
await database.close()
