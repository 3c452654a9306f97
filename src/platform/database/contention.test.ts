import { expect, test } from 'vitest'
import { postgresDatabase, sqliteDatabase, testKeys } from '../../../test/kernel/test-database.ts'
import type { OrganizationId } from '../organization-id.ts'
import { defineSchema } from './schema.ts'

const schema = defineSchema('notes', (kit) => ({ notes: kit.table('notes', { id: kit.id().primaryKey() }) }))
const acme = 'acme' as OrganizationId

/** Every transaction of an organization that audits changes the head of the same chain. */
test.each([['SQLite', sqliteDatabase], ['Postgres', postgresDatabase]])(
  'three hundred transactions that all change one row commit, and none runs more than a few times, on %s',
  async (_, open) => {
    const { database, close } = await open(schema, testKeys().ring)
    const runs = await Promise.all(Array.from({ length: 300 }, async (_, i) => {
      let mine = 0
      await database.transaction(async (tx) => {
        mine++
        await tx.insert(tx.tables.notes).values({ id: String(i) })
        await tx.audit({ organizationId: acme, action: 'note.made', target: String(i) })
      })
      return mine
    }))
    expect(await database.read.$count(database.tables.notes)).toBe(300)
    expect(Math.max(...runs)).toBeLessThanOrEqual(8)
    await close()
  },
)
