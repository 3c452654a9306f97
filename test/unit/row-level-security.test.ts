import { getTableConfig, type PgTable } from 'drizzle-orm/pg-core'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { modules } from '../../src/modules.ts'
import { ownAssets } from '#platform/assets.ts'
import { auditGuardStatements } from '#platform/audit/audit.ts'
import { casing, postgresSchemaName } from '#platform/database/columns.ts'
import { migrateDatabase } from '#platform/database/open.ts'
import { postgresConfig } from '#platform/database/postgres-connection.ts'
import type { Schema } from '#platform/database/schema.ts'
import { type Postgres, startPostgres } from '../servers/postgres.ts'

/** A table of organizations as the schema declares it. */
interface TenantTable {
  readonly module: string
  readonly name: string
  /** With the schema, quoted. */
  readonly qualified: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
}

const [own, foreign] = ['org-own', 'org-foreign']
const names = Object.keys(modules)
const schemas: Record<string, Schema> = {}
for (const name of names) schemas[name] = (await modules[name]!.load()).schema as Schema
const snake = (property: string): string => property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const tenantTables = names.flatMap(tablesOf)
/** They may name an organization and are of the installation: entries of the public log, mails to people of any organization or none. */
const ofEveryone = ['vellum_verification.leaves', 'vellum_identity.account_mails']

let postgres: Postgres
let url: string
let owner: pg.Client
const asModule: Record<string, pg.Client> = {}

function tablesOf(module: string): TenantTable[] {
  const { tables, platform, tenantTables: declared } = schemas[module]!.postgres()
  return Object.values({ ...(tables as Record<string, PgTable>), ...platform } as Record<string, PgTable>)
    .map((table) => getTableConfig(table))
    .filter(({ name }) => declared.includes(name))
    .map(({ name, columns }) => ({
      module,
      name,
      qualified: `"${postgresSchemaName(module)}"."${name}"`,
      columns: columns.map((column) => ({ name: snake(column.name), type: column.getSQLType() })),
    }))
}

/** A row with a value of its own in every column. */
function insertion({ qualified, columns }: TenantTable, organization: string, tag: string): pg.QueryConfig {
  const number = [...`${organization}${tag}`].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1_000_003, 7)
  const valueOf = (name: string, type: string): unknown => {
    if (name === 'organization_id') return organization
    if (type === 'bigint') return number
    if (type === 'boolean') return false
    if (type.startsWith('timestamp')) return new Date()
    if (type === 'jsonb') return '[]'
    if (type === 'bytea') return Buffer.from([number % 256])
    return `${organization}-${tag}-${name}`
  }
  return {
    text: `insert into ${qualified} (${columns.map(({ name }) => `"${name}"`).join(', ')}) values (${columns.map((_, at) => `$${at + 1}`).join(', ')})`,
    values: columns.map(({ name, type }) => valueOf(name, type)),
  }
}

const secure = async (module: string) =>
  migrateDatabase({ schema: schemas[module]!, url, migrations: ownAssets.migrations(module, 'postgres'), guards: auditGuardStatements })

beforeAll(async () => {
  expect(casing).toBe('snake_case')
  postgres = await startPostgres()
  url = await postgres.createDatabase()
  owner = new pg.Client(url)
  await owner.connect()
  for (const module of names) {
    await secure(module)
    asModule[module] = new pg.Client(postgresConfig(url, { role: postgresSchemaName(module) }))
    await asModule[module].connect()
    await asModule[module].query(`select set_config('vellum.organization', $1, false)`, [own])
  }
  // As who owns the server, whom no policy holds.
  for (const table of tenantTables) for (const organization of [own, foreign]) await owner.query(insertion(table, organization, 'first'))
}, 60_000)

afterAll(async () => {
  for (const client of [owner, ...Object.values(asModule)]) await client?.end()
  await postgres?.stop()
})

/**
 * What a module whose code forgot every filter could do to a foreign organization's rows, as its own role, in the context of
 * `own`: a sentence each. Nothing of it lasts.
 */
async function leaksOf({ module, qualified, columns, ...table }: TenantTable): Promise<string[]> {
  const client = asModule[module]!
  const leaks: string[] = []
  const attempt = async (what: string, work: () => Promise<pg.QueryResult>, isLeak = ({ rowCount }: pg.QueryResult) => rowCount !== 0) => {
    await client.query('begin')
    try {
      if (isLeak(await work())) leaks.push(what)
    } catch (error) {
      const { code = '' } = error as { code?: string }
      // Permission denied, by a policy or for the whole table; raised by a guard of the audit.
      if (!['42501', 'P0001'].includes(code)) throw error
    } finally {
      await client.query('rollback')
    }
  }
  const foreignRows = [foreign]
  await attempt('reads a foreign row without a filter', () => client.query(`select organization_id from ${qualified}`),
    ({ rows }) => rows.some(({ organization_id: id }) => id === foreign))
  await attempt('reads a foreign row by its organization', () => client.query(`select 1 from ${qualified} where organization_id = $1`, foreignRows))
  const column = columns.find(({ name }) => name !== 'organization_id')!.name
  await attempt('changes a foreign row', () => client.query(`update ${qualified} set "${column}" = "${column}" where organization_id = $1`, foreignRows))
  await attempt('takes a foreign row for its own', () => client.query(`update ${qualified} set organization_id = $2 where organization_id = $1`, [foreign, own]))
  await attempt('gives its own row to another', () => client.query(`update ${qualified} set organization_id = $2 where organization_id = $1`, [own, foreign]))
  await attempt('deletes a foreign row', () => client.query(`delete from ${qualified} where organization_id = $1`, foreignRows))
  await attempt('adds a foreign row', () => client.query(insertion({ module, qualified, columns, ...table }, foreign, 'second')))
  return leaks
}

const rowsOf = async ({ qualified }: TenantTable) =>
  (await owner.query(`select organization_id, count(*)::int as rows from ${qualified} group by 1 order by 1`)).rows

describe('every table of organizations', () => {
  it('is declared so: no table with an organization_id is left to the code alone', async () => {
    const { rows } = await owner.query(
      `select table_schema || '.' || table_name as name from information_schema.columns
       where column_name = 'organization_id' and table_schema = any($1)`, [names.map(postgresSchemaName)])
    const declared = tenantTables.map(({ module, name }) => `${postgresSchemaName(module)}.${name}`)
    expect(rows.map(({ name }) => name as string).sort()).toEqual([...declared, ...ofEveryone].sort())
    expect(new Set(tenantTables.map(({ module }) => module))).toEqual(new Set(names))
    expect(tenantTables.length).toBeGreaterThan(30)
  })

  it.each(tenantTables.map((table) => [`${table.module}.${table.name}`, table] as const))('%s shows and takes nothing of another organization', async (_, table) => {
    expect(await leaksOf(table)).toEqual([])
    const { rows } = await asModule[table.module]!.query(`select organization_id from ${table.qualified}`)
    expect(rows).toEqual([{ organization_id: own }])
    expect(await rowsOf(table)).toEqual([{ organization_id: foreign, rows: 1 }, { organization_id: own, rows: 1 }])
  })
})

describe('this check', () => {
  const [table] = tenantTables.filter(({ module, name }) => module === 'issuance' && name === 'credentials') as [TenantTable]
  it.each<[string, string]>([
    ['whose policy is missing and whose security is off', `alter table ${table.qualified} disable row level security`],
    ['whose policy lets everyone pass', `create policy mistake on ${table.qualified} using (true)`],
  ])('finds a table %s, and the next start puts it right', async (_, mistake) => {
    await owner.query(mistake)
    const leaks = await leaksOf(table)
    await owner.query(`drop policy if exists mistake on ${table.qualified}`)
    expect(leaks).toContain('reads a foreign row without a filter')
    expect(leaks).toContain('deletes a foreign row')
    await secure(table.module)
    expect(await leaksOf(table)).toEqual([])
  })
})
