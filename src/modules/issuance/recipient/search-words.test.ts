import { sql } from 'drizzle-orm'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { acme, type Issuance, person, startIssuance } from '../../../../test/issuance/issuance-alone.ts'
import { sqliteDatabase, testDialects } from '../../../../test/kernel/test-database.ts'
import { planOf } from '../../../../test/kernel/query-plan.ts'
import { type Postgres, startPostgres } from '../../../../test/servers/postgres.ts'
import { temporaryFolder } from '#platform/database/notes-fixture.ts'
import { migrationsFromFolder } from '#platform/database/migration.ts'
import { migrateDatabase } from '#platform/database/open.ts'
import { queryDigests } from '#platform/crypto/search-digests.ts'
import { preparedStatement } from '#platform/database/prepared-statement.ts'
import { defineSchema, type Schema } from '#platform/database/schema.ts'
import { pageOf } from '../credential/credential-queries.ts'
import module from '../module.ts'
import { ofWhomAllStandFor, writeSearchWords } from './search-words.ts'

/** More than are looked up one by one. */
const MANY = 1_050

describe.each(testDialects)('the search for people among %s’s many', (_, open) => {
  let issuance: Issuance
  let ask: ReturnType<Issuance['compose']>['ask']
  /** The oldest first. */
  let order: { id: string; recipientId: string }[]
  beforeAll(async () => {
    issuance = await startIssuance(open)
    const running = issuance.compose()
    ask = running.ask
    for (let from = 1; from <= MANY; from += 50) {
      const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => ask('POST', '/v1/credentials', person(from + at))))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
    }
    const { credentials } = issuance.tables
    order = await issuance.database.read.select({ id: credentials.id, recipientId: credentials.recipientId }).from(credentials).orderBy(credentials.id)
    await issuance.keys.ring.load([acme])
    for (let at = 0; at < MANY; at += 150) {
      await issuance.database.transaction(async (tx) => {
        for (const [index, { recipientId }] of order.slice(at, at + 150).entries()) {
          await writeSearchWords(tx, issuance.keys.ring, acme, recipientId, nameOf(at + index + 1))
        }
      })
    }
  }, 60_000)
  afterAll(() => issuance.stop())

  /** All but one share two words; every tenth is an Ada, the very first, the very last and that one a Grace. */
  const other = 500
  const nameOf = (n: number) => ({
    name: n === other ? 'Grace Hopper' : `Lovelace Common ${n % 10 === 0 ? 'Ada' : 'Bob'} ${n === 1 || n === MANY ? 'Grace' : ''}`,
    email: `person-${n}@example.org`,
  })
  const found = async (query: string, after?: string) => {
    const { json } = await ask('GET', `/v1/credentials?limit=200&q=${encodeURIComponent(query)}${after ? `&after=${after}` : ''}`)
    const numbers = json.credentials.map((one: any) => order.findIndex(({ id }) => id === one.id) + 1) as number[]
    return { numbers, next: json.next as string | null }
  }

  test('a word of all of them: page by page, the newest first, and nobody is missing', async () => {
    const all: number[] = []
    let next: string | undefined
    do {
      const page = await found('lovel', next)
      all.push(...page.numbers)
      next = page.next ?? undefined
    } while (next)
    expect(all).toEqual(Array.from({ length: MANY }, (_, at) => MANY - at).filter((n) => n !== other))
  })

  test('who shares two words with all and has a third with few is found, the oldest and the newest', async () => {
    for (const query of ['lovelace common grace', 'grace lovelace common', 'com gra lov'])
      expect((await found(query)).numbers).toEqual([MANY, 1])
  })

  test('all words must be there', async () => {
    expect((await found('ada')).numbers).toHaveLength(104)
    expect((await found('grace')).numbers).toEqual([MANY, other, 1])
    expect((await found('ada grace')).numbers).toEqual([MANY])
    expect((await found('bob grace')).numbers).toEqual([1])
    expect((await found('ada bob')).numbers).toEqual([])
    expect((await found('lovelace nobody')).numbers).toEqual([])
    expect((await found('lovelaces')).numbers).toEqual([])
  })

  test('an address', async () => {
    expect((await found('person-77@example.org')).numbers).toEqual([77])
  })

  test('the same words again write nothing, another name of the same person is found beside the first', async () => {
    const { database, keys, tables } = issuance
    const { recipientId } = order[0]!
    const rows = async () => Number((await database.raw.rows<{ n: unknown }>(sql`select count(*) as n from ${tables.searchWords}`))[0]!.n)
    const before = await rows()
    await database.transaction((tx) => writeSearchWords(tx, keys.ring, acme, recipientId, nameOf(1)))
    expect(await rows()).toBe(before)
    await database.transaction((tx) => writeSearchWords(tx, keys.ring, acme, recipientId, { ...nameOf(1), name: 'Gracia Lovelock' }))
    for (const query of ['gracia', 'lovelock', 'grace', 'lovelace grace']) expect((await found(query)).numbers).toContain(1)
  })

  test('what was indexed before decision 0230 is found', async () => {
    const { database, keys, tables } = issuance
    const { recipientId } = order[0]!
    // One row for each beginning then: one of three letters, one of more.
    for (const beginning of ['zuc', 'zucke']) {
      const start = queryDigests(keys.ring, acme, beginning)[0]!.formerly
      await database.transaction(async (tx) => void (await tx.insert(tables.searchWords).values({ organizationId: acme, start, rest: '', recipientId })))
    }
    expect((await found('zuc')).numbers).toEqual([1])
    expect((await found('zucke')).numbers).toEqual([1])
    expect((await found('zuck')).numbers).toEqual([])
  })
})

test('words of many are looked for along the list, which is not sorted', async () => {
  const issuance = await startIssuance(sqliteDatabase)
  try {
    const { database, keys, tables } = issuance
    await keys.ring.load([acme])
    const [word] = queryDigests(keys.ring, acme, 'lovelace')
    await database.raw.rows(sql`select 1`)
    await database.platformTransaction(async (_, raw) => void (await raw.rows(sql`
      insert into ${tables.searchWords} (organization_id, start, rest, recipient_id)
      with recursive series (n) as (select 1 union all select n + 1 from series where n < 1500)
      select ${acme}, ${word!.start}, ${word!.rest}, 'recipient-' || n from series`)))
    const condition = await ofWhomAllStandFor(database, acme, [word!, word!])
    const page = preparedStatement(() => pageOf(database, [sql`${tables.credentials.organizationId} = ${acme}`, condition!], 201).getSQL())
    const plan = (await planOf(database, page, {})).join('\n')
    expect(plan).toContain('credentials_by_organization')
    expect(plan).not.toContain('TEMP B-TREE')
    expect(plan).toContain('search_words')
    expect(plan).not.toMatch(/SCAN search_words/)
  } finally {
    await issuance.stop()
  }
})

describe.each(['sqlite', 'postgres'] as const)('the migration to it on %s', (dialect) => {
  let postgres: Postgres | undefined
  let folder: ReturnType<typeof temporaryFolder> | undefined
  afterAll(async () => {
    await postgres?.stop()
    folder?.remove()
  })

  /** As much of the tables as the policies need. */
  const before = defineSchema('issuance', (kit) => ({
    searchTerms: kit.tenantTable('search_terms', { organizationId: kit.text().notNull(), term: kit.text().notNull(), recipientId: kit.text().notNull() }),
  }))

  /** Of an owner who is no superuser: whom the policies of its own tables bind. */
  async function emptyDatabase(): Promise<string> {
    if (dialect === 'sqlite') return `sqlite:${(folder = temporaryFolder()).path}`
    postgres = await startPostgres()
    const url = new URL(await postgres.createDatabase())
    const client = new Client({ connectionString: url.href })
    await client.connect()
    await client.query(`create role owner login createrole; alter database "${url.pathname.slice(1)}" owner to owner`)
    await client.end()
    url.username = 'owner'
    return url.href
  }

  test('what was indexed stays', async () => {
    const url = await emptyDatabase()
    const migrations = migrationsFromFolder(new URL(`../migrations/${dialect}`, import.meta.url).pathname)
    const at = migrations.findIndex(({ name }) => name === '0012-search-words')
    const migrate = (upTo: number, schema: Schema<any> = module.schema) => migrateDatabase({ schema, url, migrations: migrations.slice(0, upTo) })
    await migrate(at, before)
    await rowsOf(url, `insert into search_terms (organization_id, term, recipient_id) values ('acme', 'term', 'recipient')`)
    await migrate(at + 1)
    expect(await rowsOf(url, 'select organization_id, start, rest, recipient_id from search_words'))
      .toEqual([{ organization_id: 'acme', start: 'term', rest: '', recipient_id: 'recipient' }])
  }, 30_000)

  /** As who may do anything. */
  async function rowsOf(url: string, statement: string): Promise<unknown[]> {
    if (dialect === 'sqlite') {
      const { default: Sqlite } = await import('better-sqlite3')
      const database = new Sqlite(`${folder!.path}/issuance.sqlite`)
      try {
        const prepared = database.prepare(statement)
        return prepared.reader ? prepared.all() : [prepared.run()]
      } finally {
        database.close()
      }
    }
    const asSuperuser = new URL(url)
    asSuperuser.username = 'postgres'
    const client = new Client({ connectionString: asSuperuser.href })
    await client.connect()
    try {
      await client.query('set search_path to vellum_issuance')
      return (await client.query(statement)).rows
    } finally {
      await client.end()
    }
  }
})
