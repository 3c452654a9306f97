import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { OrganizationId } from '#platform/organization-id.ts'
import { ordered, press, shop } from '../../../test/kernel/crash-schema.ts'
import { sqliteDatabase, type TestDatabase, testKeys } from '../../../test/kernel/test-database.ts'

const orders = 5
let folder: string
let files: [string, string]
let created: TestDatabase<any>[]

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vellum-crash-'))
  const keys = testKeys().ring
  await keys.load(['acme'])
  created = [await sqliteDatabase(shop, keys), await sqliteDatabase(press, keys)]
  files = [created[0]!.file, created[1]!.file]
  for (let number = 1; number <= orders; number++) {
    await created[0]!.database.transaction((tx) => tx.publish(ordered, 'acme' as OrganizationId, { number }))
  }
  for (const { database } of created) await database.close()
})
afterEach(() => {
  for (const file of files) rmSync(dirname(file), { recursive: true, force: true })
  rmSync(folder, { recursive: true, force: true })
})

async function runProcess(point: string): Promise<string | number> {
  const script = join(import.meta.dirname, '../../../test/kernel/crash-process.ts')
  const child = spawn(process.execPath, [script, point, ...files, join(folder, 'effects')], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [code, signal] = await once(child, 'exit')
  return signal ?? code
}

test.each([
  ['after the effect', 6],
  ['in the subscriber\'s transaction', 5],
  ['before publishing', 5],
  ['after publishing', 5],
])('kill -9 %s: everything is done again and recorded once', async (point, fewestEffects) => {
  expect(await runProcess(point)).toBe('SIGKILL')
  expect(await runProcess('nowhere')).toBe(0)

  const { database, close } = await sqliteDatabase(press, testKeys().ring, files[1])
  try {
    const placed = await database.read.select().from(database.tables.orders)
    expect(placed.map((order) => order.number)).toEqual(Array.from({ length: orders }, (_, i) => i + 1))
    expect(await database.read.$count(database.tables.pages)).toBe(orders)
    const effects = readFileSync(join(folder, 'effects'), 'utf8').trim().split('\n')
    expect(new Set(effects).size).toBe(orders)
    // At most the one step that ran in that moment had its effect twice.
    expect(effects.length).toBeGreaterThanOrEqual(fewestEffects)
    expect(effects.length).toBeLessThanOrEqual(orders + 1)
  } finally {
    await close()
  }
})
