import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Sqlite from 'better-sqlite3'
import { asc, sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { OrganizationId } from '../organization-id.ts'
import { lockDataDirectory } from './data-directory-lock.ts'
import { countingHooks, initialMigration, type Notes, openNotes, temporaryFolder } from './notes-fixture.ts'
import { migrateDatabase, openDatabase } from './open.ts'
import { preparedQuery } from './prepared.ts'
import { preparedStatement } from './prepared-statement.ts'
import { defineSchema } from './schema.ts'
import type { PlatformDatabase } from './transaction.ts'

const organizationId = 'org-1' as OrganizationId
let folder: ReturnType<typeof temporaryFolder>
let database: PlatformDatabase<Notes>

beforeEach(async () => {
  folder = temporaryFolder()
  database = await openNotes(`sqlite:${folder.path}`)
})
afterEach(async () => {
  await database.close()
  folder.remove()
})

const file = () => join(folder.path, 'notes.sqlite')
const note = (id: string, bytes = 0) => ({ id, organizationId, title: id, seal: new Uint8Array(bytes) })

/** What somebody else would find in the file at this moment. */
function elsewhere<R>(read: (connection: Sqlite.Database) => R): R {
  const connection = new Sqlite(file(), { readonly: true })
  try {
    return read(connection)
  } finally {
    connection.close()
  }
}
const idsElsewhere = () =>
  elsewhere((connection) => connection.prepare('select id from notes order by id').pluck().all() as string[])

describe('SQLite', () => {
  it('serves two modules in one process whose tables have the same name and other columns', async () => {
    const schema = defineSchema('others', (kit) => ({ notes: kit.table('notes', { id: kit.id().primaryKey(), writtenBy: kit.text() }) }))
    const url = `sqlite:${folder.path}`
    await migrateDatabase({ schema, url, migrations: [await initialMigration(schema, 'sqlite')] })
    const others = await openDatabase({ schema, url, hooks: countingHooks })
    try {
      await database.transaction((tx) => tx.insert(tx.tables.notes).values(note('n1')))
      await others.transaction((tx) => tx.insert(tx.tables.notes).values({ id: 'o1', writtenBy: 'Ann' }))
      expect(await others.read.select().from(others.tables.notes)).toEqual([{ id: 'o1', writtenBy: 'Ann' }])
    } finally {
      await others.close()
    }
  })

  it('answers only after the commit: at that moment another connection sees the row', async () => {
    const answered = await Promise.all(Array.from({ length: 50 }, async (_, i) => {
      const id = `n${String(i).padStart(2, '0')}`
      await database.transaction((tx) => tx.insert(database.tables.notes).values(note(id)))
      return idsElsewhere().includes(id)
    }))
    expect(answered).toEqual(answered.map(() => true))
  })

  it('is written in transactions alone: what reads, prepared or not, cannot write', async () => {
    const removeAll = preparedQuery<Notes>()((queries, { notes }) => queries.delete(notes))
    await database.transaction((tx) => tx.insert(tx.tables.notes).values(note('n1')))
    await expect(database.run(removeAll, {})).rejects.toThrow(/in a transaction/)
    await expect((async () => database.read.delete(database.tables.notes))()).rejects.toThrow()
    expect(idsElsewhere()).toEqual(['n1'])
  })

  it('reads nothing of a group that is not committed, though it reads on the connection that writes', async () => {
    const titles = preparedQuery<Notes>()((queries, { notes }) => queries.select({ id: notes.id }).from(notes))
    const inside = Promise.withResolvers<void>()
    const wait = Promise.withResolvers<void>()
    const writing = database.transaction(async (tx) => {
      await tx.insert(tx.tables.notes).values(note('n1'))
      inside.resolve()
      await wait.promise
    })
    await inside.promise
    const during = await database.run(titles, {})
    wait.resolve()
    await writing
    expect([during, await database.run(titles, {})]).toEqual([[], [{ id: 'n1' }]])
  })

  it('shows a member what those before it in the group wrote, and nobody outside anything before the commit', async () => {
    const { notes } = database.tables
    const views = await Promise.all([1, 2, 3].map((i) => database.transaction(async (tx) => {
      await tx.insert(notes).values(note(`n${i}`))
      return { inside: await tx.$count(notes), outside: idsElsewhere().length }
    })))
    expect(views.map(({ inside }) => inside)).toEqual([1, 2, 3])
    // On a busy machine the group may end before its last member, and another begin.
    for (const { inside, outside } of views) expect(outside).toBeLessThan(inside)
  })

  it('keeps nothing of a member that failed, in memory or in the file', async () => {
    const { notes } = database.tables
    const results = await Promise.allSettled([
      database.transaction((tx) => tx.insert(notes).values(note('a'))),
      database.transaction(async (tx) => {
        await tx.update(notes).set({ title: 'stolen' })
        await tx.insert(notes).values(note('b'))
        throw new Error('changed my mind')
      }),
      database.transaction((tx) => tx.insert(notes).values(note('c'))),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await database.read.select({ title: notes.title }).from(notes).orderBy(asc(notes.id)))
      .toEqual([{ title: 'a' }, { title: 'c' }])
  })

  it('runs with a write-ahead log and full synchronisation, and refuses writes on the reading connection', async () => {
    const [row] = await database.raw.rows<{ journal_mode: string }>(sql`pragma journal_mode`)
    expect(row).toEqual({ journal_mode: 'wal' })
    const seen = await database.platformTransaction((_, raw) => raw.rows(sql`pragma synchronous`))
    expect(seen).toEqual([{ synchronous: 2 }])
    await expect((async () => database.read.delete(database.tables.notes))()).rejects.toThrow(/readonly/)
    await expect(database.raw.rows(sql`delete from notes`)).rejects.toThrow(/readonly/)
    await expect(database.raw.execute(preparedStatement(() => sql`delete from notes`), {})).rejects.toThrow(/in a transaction/)
  })

  it('keeps its files to its own user', async () => {
    await database.transaction((tx) => tx.insert(database.tables.notes).values(note('a')))
    expect([file(), `${file()}-wal`].map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600])
  })

  it('finishes what it had accepted when it closes, and refuses what comes later', async () => {
    const accepted = database.transaction((tx) => tx.insert(database.tables.notes).values(note('last')))
    const closing = database.close()
    await expect(database.transaction(async () => 1)).rejects.toThrow(/closed/)
    await accepted
    await closing
    expect(idsElsewhere()).toEqual(['last'])
    database = await openNotes(`sqlite:${folder.path}`, { migrate: false })
  })

  it('moves pages into the file from another thread, without a transaction waiting for it', async () => {
    const sizeBefore = statSync(file()).size
    for (let i = 0; i < 20; i++) {
      await database.transaction((tx) => tx.insert(database.tables.notes).values(note(`big${i}`, 50_000)))
    }
    await expect.poll(() => statSync(file()).size, { timeout: 8_000, interval: 100 }).toBeGreaterThan(sizeBefore + 900_000)
  })
})

describe('a full disk in the middle of a group', () => {
  /** Lets the file grow by so many pages of 4 KiB and no more. */
  async function roomFor(pages: number) {
    await database.platformTransaction(async (_, raw) => {
      const [now] = await raw.rows<{ page_count: number }>(sql`pragma page_count`)
      await raw.rows(sql.raw(`pragma max_page_count = ${now!.page_count + pages}`))
    })
  }

  it('fails who had no room with 503, and keeps the others, who are told so after the commit', async () => {
    await roomFor(10)
    const sizes = [4_000, 60_000, 4_000]
    const results = await Promise.allSettled(sizes.map((bytes, i) =>
      database.transaction((tx) => tx.insert(database.tables.notes).values(note(`n${i}`, bytes)))
        .then(() => idsElsewhere().includes(`n${i}`))))
    expect(results).toEqual([
      { status: 'fulfilled', value: true },
      { status: 'rejected', reason: expect.objectContaining({ code: 'unavailable' }) },
      { status: 'fulfilled', value: true },
    ])
    await roomFor(1_000)
    await database.transaction((tx) => tx.insert(database.tables.notes).values(note('after')))
    expect(idsElsewhere()).toEqual(['after', 'n0', 'n2'])
  })
})

describe('a disk that is full when the group commits', () => {
  /** Runs the sixty transactions in a process of their own and compares what they were told with what is there. */
  function sixty(folder: string, command: string[]) {
    const [program, ...args] = [...command, process.execPath, fileURLToPath(new URL('./full-disk-process.ts', import.meta.url)), folder]
    const { stdout, stderr } = spawnSync(program!, args, { encoding: 'utf8' })
    expect(stdout, stderr).not.toBe('')
    const results = JSON.parse(stdout) as { id: string; told: string; found: boolean; runs: number }[]
    const told = Object.groupBy(results, ({ told }) => told)
    expect(Object.keys(told).sort()).toEqual(['unavailable', 'yes'])
    expect(results.map(({ id, found }) => [id, found])).toEqual(results.map(({ id, told }) => [id, told === 'yes']))
    return {
      yes: told.yes!.map(({ id }) => id).sort(),
      /** The commit itself failed at least once, and who shared it ran again; else it was always a statement that found no room. */
      ranAgain: results.some(({ told, runs }) => told === 'yes' && runs > 1),
    }
  }
  const idsIn = (folder: string) => {
    const connection = new Sqlite(join(folder, 'notes.sqlite'))
    const ids = connection.prepare('select id from notes order by id').pluck().all()
    connection.close()
    return ids
  }

  it('answers nobody early, by a limit on the size of files', async () => {
    // Where the room ends is a matter of how the sixty fall into groups, so of time.
    for (let turn = 0, ranAgain = false; !ranAgain; turn++) {
      expect(turn).toBeLessThan(10)
      const limited = join(folder.path, `limited-${turn}`)
      mkdirSync(limited)
      const empty = await openNotes(`sqlite:${limited}`)
      await empty.close()
      // A write beyond the limit fails once the signal that goes with it is ignored. In blocks of 512 bytes.
      const ended = sixty(limited, ['sh', '-c', 'trap "" XFSZ; ulimit -f 1500; exec "$@"', 'sh'])
      expect(idsIn(limited)).toEqual(ended.yes)
      ranAgain = ended.ranAgain
    }
  })

  it.runIf(mountable())('answers nobody early, on a small file system', () => {
    const mount = join(folder.path, 'small')
    mkdirSync(mount)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', mount])
    try {
      const { yes } = sixty(mount, ['env'])
      execFileSync('mount', ['-o', 'remount,size=64m', mount])
      expect(idsIn(mount)).toEqual(yes)
    } finally {
      execFileSync('umount', ['-l', mount])
    }
  })
})

/** Only root on Linux may; the limit on files says the same everywhere else. */
function mountable(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  const trial = temporaryFolder()
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', trial.path]).status === 0
  if (mounted) spawnSync('umount', [trial.path])
  trial.remove()
  return mounted
}

describe('the lock of the data directory', () => {
  it('refuses a second process in one sentence, and is free again after kill -9', async () => {
    const held = lockDataDirectory(folder.path)
    const program = `
      const { lockDataDirectory } = await import(${JSON.stringify(import.meta.resolve('./data-directory-lock.ts'))})
      try { lockDataDirectory(process.argv[1]); console.log('locked'); process.kill(process.pid, 'SIGKILL') }
      catch (error) { console.log(error.message) }`
    const other = () =>
      spawnSync(process.execPath, ['--input-type=module', '-e', program, folder.path], { encoding: 'utf8' })
    expect(other().stdout).toMatch(/^Another process uses the data directory .*; stop it first, or set another DATA_DIR\.\n$/)
    expect(() => lockDataDirectory(folder.path)).toThrow(/Another process/)
    held.release()
    const killed = other()
    expect([killed.stdout, killed.signal]).toEqual(['locked\n', 'SIGKILL'])
    lockDataDirectory(folder.path).release()
  })
})
