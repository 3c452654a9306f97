import { asc, sql } from 'drizzle-orm'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Postgres, startPostgres } from '../../../test/servers/postgres.ts'
import { startTcpProxy } from '../../../test/servers/tcp-proxy.ts'
import { withContext } from '../context.ts'
import { installation, type OrganizationId } from '../organization-id.ts'
import { countingHooks, initialMigration, type Notes, notesSchema, openNotes } from './notes-fixture.ts'
import { migrateDatabase, openDatabase } from './open.ts'
import { openPostgres } from './postgres.ts'
import { postgresConfig } from './postgres-connection.ts'
import { defineSchema } from './schema.ts'
import type { PlatformDatabase } from './transaction.ts'

const a = 'org-a' as OrganizationId
const b = 'org-b' as OrganizationId
const secretsSchema = defineSchema('secrets', (kit) => ({
  secrets: kit.table('secrets', { id: kit.id().primaryKey() }),
}))

let postgres: Postgres
let url: string
let database: PlatformDatabase<Notes>

beforeAll(async () => {
  postgres = await startPostgres()
  url = await postgres.createDatabase()
  database = await openNotes(url)
  await migrateDatabase({ schema: secretsSchema, url, migrations: [await initialMigration(secretsSchema, 'postgres')] })
  const { notes } = database.tables
  await database.transaction((tx) => tx.insert(notes).values([
    { id: 'a1', organizationId: a, title: 'of a' },
    { id: 'b1', organizationId: b, title: 'of b' },
    { id: 'i1', organizationId: installation, title: 'of nobody' },
  ]))
}, 60_000)

afterAll(async () => {
  await database.close()
  await postgres.stop()
})

const visible = async (): Promise<string[]> => {
  const { notes } = database.tables
  return (await database.read.select({ id: notes.id }).from(notes).orderBy(asc(notes.id))).map(({ id }) => id)
}

describe("a module's role", () => {
  it('is what its connections run as, and cannot log in or pass row-level security', async () => {
    const [row] = await database.raw.rows(sql`
      select current_user::text as name, rolcanlogin, rolsuper, rolbypassrls from pg_roles where rolname = current_user`)
    expect(row).toEqual({ name: 'vellum_notes', rolcanlogin: false, rolsuper: false, rolbypassrls: false })
  })

  it("may neither read nor write another module's table", async () => {
    for (const query of [
      sql`select * from vellum_secrets.secrets`,
      sql`select * from vellum_secrets.outbox`,
      sql`insert into vellum_secrets.secrets values ('x')`,
    ]) {
      await expect(database.platformTransaction((_, raw) => raw.rows(query))).rejects.toMatchObject({ kind: 'forbidden', code: '42501' })
    }
  })

  it('may not rewrite the record of its migrations', async () => {
    const attempt = database.raw.rows(sql`delete from vellum_notes.vellum_migrations`)
    await expect(attempt).rejects.toMatchObject({ kind: 'forbidden' })
  })

  it('survives options in the URL', async () => {
    const other = await openDatabase({ schema: notesSchema, url: `${url}?options=-c%20work_mem=5MB`, hooks: countingHooks })
    const [row] = await other.raw.rows(sql`select current_user::text as name, current_setting('work_mem') as memory`)
    await other.close()
    expect(row).toEqual({ name: 'vellum_notes', memory: '5MB' })
  })
})

describe('row-level security', () => {
  it("shows the context's organization and the installation, and the platform everything", async () => {
    expect(await visible()).toEqual(['a1', 'b1', 'i1'])
    expect(await withContext({ organizationId: a }, visible)).toEqual(['a1', 'i1'])
    expect(await withContext({ organizationId: b }, visible)).toEqual(['b1', 'i1'])
    expect(await visible()).toEqual(['a1', 'b1', 'i1'])
  })

  it('holds on every connection of the pool, whatever ran there before', async () => {
    const seen = await Promise.all(Array.from({ length: 60 }, (_, i) =>
      i % 3 === 0 ? visible() : withContext({ organizationId: i % 3 === 1 ? a : b }, visible)))
    const expected = [['a1', 'b1', 'i1'], ['a1', 'i1'], ['b1', 'i1']]
    expect(seen).toEqual(seen.map((_, i) => expected[i % 3]))
  })

  it('holds in transactions, for reading, changing and adding', async () => {
    const { notes } = database.tables
    const seen = await withContext({ organizationId: a }, () => database.transaction(async (tx) => {
      await tx.update(notes).set({ size: 7 })
      return tx.select({ id: notes.id, size: notes.size }).from(notes).orderBy(asc(notes.id))
    }))
    expect(seen).toEqual([{ id: 'a1', size: 7 }, { id: 'i1', size: 7 }])
    const smuggled = withContext({ organizationId: a }, () =>
      database.transaction((tx) => tx.insert(notes).values({ id: 'b2', organizationId: b, title: 'smuggled' })))
    await expect(smuggled).rejects.toMatchObject({ kind: 'forbidden' })
    expect(await visible()).toEqual(['a1', 'b1', 'i1'])
  })

  it('shows nothing of organizations to a connection that says nothing', async () => {
    const client = new pg.Client(postgresConfig(url, { role: 'vellum_notes' }))
    await client.connect()
    const { rows } = await client.query('select id from vellum_notes.notes')
    await client.end()
    expect(rows).toEqual([{ id: 'i1' }])
  })

  it('is forced on every table of organizations, the platform\'s too', async () => {
    const { tenantTables } = notesSchema.postgres()
    const rows = await database.raw.rows<{ relname: string }>(sql`
      select relname from pg_class where relnamespace = 'vellum_notes'::regnamespace
        and relkind = 'r' and relrowsecurity and relforcerowsecurity`)
    expect(rows.map(({ relname }) => relname).sort()).toEqual([...tenantTables].sort())
    expect(tenantTables).toEqual(expect.arrayContaining(['notes', 'outbox', 'steps', 'idempotency', 'audit']))
  })
})

describe('a connection that breaks', () => {
  it('fails what ran on it with 503, and the next work runs on another', async () => {
    const { counters } = database.tables
    const broken = database.platformTransaction(async (tx, raw) => {
      await tx.insert(counters).values({ id: 'half', value: 1 })
      const [row] = await raw.rows<{ pid: number }>(sql`select pg_backend_pid() as pid`)
      const admin = new pg.Client(url)
      await admin.connect()
      await admin.query('select pg_terminate_backend($1)', [row!.pid])
      await admin.end()
      await tx.select().from(counters)
    })
    await expect(broken).rejects.toMatchObject({ code: 'unavailable' })
    expect(await database.read.select().from(counters)).toEqual([])
  })

  it('tells the holder of a lock', async () => {
    const lock = await database.lock('relay')
    const elsewhere = await openNotes(url, { migrate: false })
    expect(await elsewhere.lock('relay')).toBeUndefined()
    const admin = new pg.Client(url)
    await admin.connect()
    await admin.query(`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'`)
    await admin.end()
    await expect.poll(() => lock!.lost.aborted).toBe(true)
    const taken = await elsewhere.lock('relay')
    expect(taken).toBeDefined()
    await taken!.release()
    await elsewhere.close()
  })

  it('is noticed too when nobody tells: work fails with 503, a lock is lost, and all goes on over others', async () => {
    const proxy = await startTcpProxy(Number(new URL(url).port))
    const behind = openPostgres({ schema: notesSchema, url: proxy.through(url), hooks: countingHooks, silentMs: 600 })
    try {
      const { counters } = behind.tables
      const lock = await behind.lock('silent')
      const write = () => behind.transaction((tx) => tx.insert(counters).values({ id: 'silent', value: 1 }))
      // Connections that are there already: making one has a time of its own.
      await Promise.all([behind.read.select().from(counters), behind.read.select().from(counters)])
      proxy.swallow()
      await Promise.all([
        expect(write()).rejects.toMatchObject({ code: 'unavailable' }),
        expect(behind.lock('another')).rejects.toThrow(),
        expect(behind.read.select().from(counters)).rejects.toMatchObject({ code: 'unavailable' }),
      ])
      await expect.poll(() => lock!.lost.aborted).toBe(true)
      proxy.pass()
      await write()
      expect(await behind.read.select({ id: counters.id }).from(counters)).toEqual([{ id: 'silent' }])
      // The server has heard nothing of the loss: it ends the session that is silent, and with it the lock.
      await expect.poll(() => behind.lock('silent'), { timeout: 10_000 }).toBeDefined()
      const held = await behind.lock('another')
      // A lock for which nobody waits is kept, however long nothing else is said.
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      expect(held!.lost.aborted).toBe(false)
      await held!.release()
    } finally {
      await behind.close()
      await proxy.stop()
    }
  })
})

describe('TLS', () => {
  it('is off without sslmode, and otherwise verified, 1.3 and AES-256', () => {
    expect(postgresConfig('postgres://u@h/d').ssl).toBe(false)
    expect(postgresConfig('postgres://u@h/d?sslmode=require').ssl).toEqual({
      minVersion: 'TLSv1.3', ciphers: 'TLS_AES_256_GCM_SHA384', rejectUnauthorized: true,
    })
    expect(postgresConfig('postgres://u@h/d?sslmode=no-verify').ssl).toMatchObject({ rejectUnauthorized: false })
  })
})
