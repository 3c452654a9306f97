import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApiOperation, operationsOf } from '../../api/document.ts'
import { differences, foundIn } from '../../api/foreign-ids.ts'
import { type TwoOrganizations, twoOrganizations } from '../../api/two-organizations.ts'
import { nodeEnvironment } from '../../node-environment.ts'
import { type Postgres, startPostgres } from '../../servers/postgres.ts'

/** Every store function of every module, as the API reaches it, without its filter by organization. */
describe('when every query has lost its filter, on Postgres', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vellum-without-'))
  const flag = join(folder, 'flag')
  let postgres: Postgres
  let url: string
  let world: TwoOrganizations
  let operations: ApiOperation[]

  beforeAll(async () => {
    postgres = await startPostgres()
    url = await postgres.createDatabase()
    const { NODE_OPTIONS = '' } = nodeEnvironment()
    const hook = resolve(import.meta.dirname, '../../api/without-filters.ts')
    world = await twoOrganizations({ environment: { DATABASE_URL: url, WITHOUT_FILTERS: flag, NODE_OPTIONS: `${NODE_OPTIONS} --import ${hook}`, LOG_LEVEL: 'error' } })
    operations = operationsOf(await (await world.installation.fetch('/openapi.json')).json() as object)
    writeFileSync(flag, '')
  }, 120_000)
  afterAll(async () => {
    await world?.installation.remove()
    await postgres?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('row-level security still answers as if the other’s things did not exist', async () => {
    expect(await differences(world, operations)).toEqual([])
    expect(await foundIn(world, operations)).toEqual([])
    expect(Number(readFileSync(`${flag}.count`, 'utf8'))).toBeGreaterThan(50)
  })

  it('the owner’s things are as they were', async () => {
    const { owner, belongings } = world
    expect(await owner.get(`/v1/credentials/${belongings.credentialId}`)).toMatchObject({ state: 'issued' })
    expect(await owner.get(`/v1/clients/${belongings.clientId}`)).not.toHaveProperty('disabledAt')
  })

  it('and nothing else does: with the security of tables off, the same requests find them', async () => {
    const client = new pg.Client(url)
    await client.connect()
    const { rows } = await client.query(`select oid::regclass::text as name from pg_class where relrowsecurity`)
    for (const { name } of rows) await client.query(`alter table ${name} disable row level security`)
    await client.end()
    const routes = (await differences(world, operations)).map((found) => found.split(':')[0])
    expect(routes).toEqual(expect.arrayContaining(['GET /v1/credentials/{id}', 'GET /v1/batches/{id}', 'GET /v1/clients/{id}', 'DELETE /v1/clients/{id}']))
    const lists = (await foundIn(world, operations)).map((found) => found.split(/[?:]/)[0])
    expect(lists).toEqual(expect.arrayContaining(['/v1/clients', '/v1/messages']))
  })
})
