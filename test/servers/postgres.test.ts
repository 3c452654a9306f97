import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { query, startPostgres, type Postgres } from './postgres.ts'

let postgres: Postgres
beforeAll(async () => { postgres = await startPostgres() }, 60_000)
afterAll(() => postgres.stop())

it('gives databases that know nothing of each other', async () => {
  const [one, two] = [await postgres.createDatabase(), await postgres.createDatabase('a "quoted" name')]
  await query(one, 'create table only_here (id int)')
  expect(await query(one, 'select * from only_here')).toEqual([])
  await expect(query(two, 'select * from only_here')).rejects.toThrow('does not exist')
})

it('stores text as UTF-8 and sorts by code point everywhere', async () => {
  const [row] = await query(postgres.url, 'select pg_encoding_to_char(encoding) as encoding, datcollate from pg_database')
  expect(row).toEqual({ encoding: 'UTF8', datcollate: 'C' })
})

it('waits for the disk only when a test asks for it', async () => {
  expect(await query(postgres.url, 'show fsync')).toEqual([{ fsync: 'off' }])
  const durable = await startPostgres({ durable: true })
  expect(await query(durable.url, 'show fsync')).toEqual([{ fsync: 'on' }])
  await durable.stop()
}, 60_000)

it('ends, and leaves no files, when its owner is killed', async () => {
  const script = `
    const { startPostgres } = await import(${JSON.stringify(new URL('postgres.ts', import.meta.url).href)})
    console.log((await startPostgres()).url)
    setInterval(() => {}, 1000)`
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(owner.stdout, 'data')
  const url = String(line).trim()
  const [row] = await query(url, 'show data_directory')
  owner.kill('SIGKILL')
  const directory = String(row?.data_directory)
  for (let waited = 0; waited < 10_000; waited += 100) {
    if (execFileSync('sh', ['-c', 'ls -d "$1" 2>/dev/null || true', 'sh', directory]).length === 0) break
    await delay(100)
  }
  expect(execFileSync('sh', ['-c', 'ls -d "$1" 2>/dev/null || true', 'sh', directory]).toString()).toBe('')
  await expect(query(url, 'select 1')).rejects.toThrow()
}, 60_000)
