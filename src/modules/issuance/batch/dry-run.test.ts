import { readdirSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testDialects } from '../../../../test/kernel/test-database.ts'
import { file, type Issuance, type IssuanceProcess, startIssuance } from '../../../../test/issuance/issuance-alone.ts'

describe.each(testDialects)('a dry run on %s', { timeout: 60_000 }, (_, open) => {
  let issuance: Issuance
  let here: IssuanceProcess
  beforeEach(async () => {
    issuance = await startIssuance(open)
    here = issuance.compose()
  })
  afterEach(() => issuance.stop())

  /** How many rows stand in each table of the module and of the platform beside it, and how many files. */
  const everything = async () => {
    const { database, tables } = issuance
    const all = [...Object.entries(tables), ...Object.entries(database.raw.platform)]
    const counts = await Promise.all(all.map(async ([name, table]) => [name, await database.read.$count(table as never)] as const))
    return { ...Object.fromEntries(counts), files: readdirSync(issuance.directory, { recursive: true }).length }
  }

  test('writes no row and no file, for whatever file', async () => {
    const before = await everything()
    const look = (text: string, type = 'text/csv') => here.ask('POST', '/v1/batches?dryRun=true', text, { 'content-type': type, 'idempotency-key': 'once' })
    expect((await look(file(0, 3_000))).json).toMatchObject({ rows: 3_000, created: 3_000, existing: 0, refused: 0 })
    expect((await look(`${file(0, 10)}${file(5, 20)}`)).json).toMatchObject({ rows: 26, created: 20, refused: 6 })
    expect((await look('name,email\nAda,"never closed')).json.failure).toMatch(/^Line 2: /)
    expect((await look('{"name":"Ada","email":"a@example.org","achievement":"Rust"}\n', 'application/jsonl')).json.created).toBe(1)
    expect((await look('a,b\n')).status).toBe(422)
    expect(await everything()).toEqual(before)
  })

  test('knows who is there already, and says the same as the import', async () => {
    const text = `${file(0, 300)}Bad,,Rust\n`
    const { json } = await here.ask('POST', '/v1/batches', text)
    await here.runner.start()
    await expect.poll(async () => (await here.ask('GET', `/v1/batches/${json.id}`)).json.rows, { timeout: 40_000 }).toBe(301)
    const again = (await here.ask('POST', '/v1/batches?dryRun=true', `${text}${file(300, 305).split('\n').slice(1).join('\n')}`)).json
    expect(again).toMatchObject({ rows: 306, created: 5, existing: 300, refused: 1 })
  })
})
