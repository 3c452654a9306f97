import { setTimeout as sleep } from 'node:timers/promises'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPostgres, type Postgres } from '../../../test/servers/postgres.ts'
import { inContext, withContext } from '../context.ts'
import { createKeyRing } from '../crypto/key-ring.ts'
import { type Notes, openNotes, temporaryFolder } from '../database/notes-fixture.ts'
import type { Transaction } from '../database/database.ts'
import type { PlatformDatabase } from '../database/transaction.ts'
import { OrganizationId } from '../organization-id.ts'
import { Problem } from '../problem.ts'
import { createPublicApp } from './app.ts'
import { idempotent, purgeIdempotency } from './idempotency.ts'

const folder = temporaryFolder()
let postgres: Postgres
const databases = {} as Record<'sqlite' | 'postgres', PlatformDatabase<Notes>>

beforeAll(async () => {
  postgres = await startPostgres()
  databases.sqlite = await openNotes(`sqlite:${folder.path}`)
  databases.postgres = await openNotes(await postgres.createDatabase())
}, 60_000)
afterAll(async () => {
  for (const database of Object.values(databases)) await database.close()
  await postgres.stop()
  folder.remove()
})

const keys = createKeyRing({
  fetchKeys: async (subjects) =>
    subjects.map((subject) => {
      const key = Buffer.alloc(32, subject).toString('base64')
      return { subject, version: 1, key, erased: false }
    }),
})

/** A public write that makes one note with a title of its own, and what it was made to do on the way. */
function notesApp(database: PlatformDatabase<Notes>, organization = 'org-1') {
  const organizationId = OrganizationId.parse(organization)
  const access = { organizationId, clientId: 'c', scopes: [], tokenId: 't', actor: 'client:c' }
  const state = { runs: 0, before: async (_tx: Transaction<Notes>): Promise<void> => {}, after: () => {} }
  const app = createPublicApp()
  app.post('/notes/:kind', async (c) => {
    const { title } = (await c.req.json()) as { title: string }
    return withContext({ organizationId, actor: 'client:c' }, () =>
      idempotent(c, {
        database,
        keys,
        access,
        required: c.req.param('kind') === 'required',
        run: async (tx) => {
          state.runs++
          await state.before(tx)
          const id = crypto.randomUUID()
          await tx.insert(tx.tables.notes).values({ id, organizationId, title })
          state.after()
          return { status: 202, body: { id, title }, headers: { location: `/notes/${id}` } }
        },
      }),
    )
  })
  const post = (title: string, key?: string, path = '/notes/any') =>
    app.request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) },
      body: JSON.stringify({ title }),
    })
  const count = (title: string) =>
    inContext({}, () => database.read.$count(database.tables.notes, eq(database.tables.notes.title, title)))
  return { post, state, count }
}

describe.each(['sqlite', 'postgres'] as const)('an idempotent write on %s', (dialect) => {
  const made = (organization?: string) => notesApp(databases[dialect], organization)

  it('sent fifty times at once happens once, and all successes are equal byte for byte', async () => {
    const { post, count } = made()
    const answers = await Promise.all(Array.from({ length: 50 }, () => post('fifty', 'key-50')))
    const texts = await Promise.all(answers.map(async (answer) => [answer.status, await answer.text()] as const))
    expect(new Set(texts.map(([status]) => status))).toEqual(new Set([202]))
    expect(new Set(texts.map(([, text]) => text)).size).toBe(1)
    expect(answers.filter((answer) => answer.headers.get('idempotency-replayed') === 'true')).toHaveLength(49)
    expect(new Set(answers.map((answer) => answer.headers.get('location'))).size).toBe(1)
    expect(await count('fifty')).toBe(1)
  })

  it('refuses the same key for another body, path, query or method', async () => {
    const { post } = made()
    expect((await post('one', 'key-m')).status).toBe(202)
    const other = await post('two', 'key-m')
    expect([other.status, ((await other.json()) as { type: string }).type]).toEqual(
      [422, 'urn:vellum:problem:idempotency-mismatch'],
    )
    expect((await post('one', 'key-m', '/notes/elsewhere')).status).toBe(422)
    expect((await post('one', 'key-m', '/notes/any?notify=false')).status).toBe(422)
    expect((await post('one', 'key-m')).status).toBe(202)
  })

  it('belongs to one organization: the same key of another is another', async () => {
    await made().post('mine', 'key-o')
    const theirs = await made('org-2').post('theirs', 'key-o')
    expect([theirs.status, theirs.headers.has('idempotency-replayed')]).toEqual([202, false])
  })

  it('stores nothing of a refusal or a crash, neither the effect nor the answer', async () => {
    const { post, state, count } = made()
    for (const failure of [new Problem('state-refused', 'Not now.'), new Error('boom')]) {
      state.after = () => {
        throw failure
      }
      expect((await post('failing', 'key-f')).status).toBe(failure instanceof Problem ? 409 : 500)
      expect(await count('failing')).toBe(0)
    }
    state.after = () => {}
    expect((await post('failing', 'key-f')).status).toBe(202)
    expect(await count('failing')).toBe(1)
  })

  it('keeps the answer sealed', async () => {
    await made().post('canary-name', 'key-s')
    const rows =
      await databases[dialect].raw.rows<{ body: Uint8Array }>(sql`select * from idempotency where key = 'key-s'`)
    expect(rows).toHaveLength(1)
    expect(JSON.stringify({ ...rows[0], body: undefined })).not.toContain('canary')
    expect(Buffer.from(rows[0]!.body).toString('latin1')).not.toContain('canary')
  })

  it('asks for a key where one is required, and for a proper one', async () => {
    const { post } = made()
    expect((await post('x', undefined, '/notes/required')).status).toBe(400)
    for (const key of ['', 'with space', 'k'.repeat(256)]) expect((await post('x', key)).status).toBe(400)
    expect((await post('long key', 'k'.repeat(255))).status).toBe(202)
  })

  it('without a key runs each time', async () => {
    const { post, state } = made()
    await post('no key 1')
    await post('no key 2')
    expect(state.runs).toBe(2)
  })

  it('forgets after thirty days', async () => {
    await made().post('old', 'key-old')
    const day = 24 * 3_600_000
    expect(await purgeIdempotency(databases[dialect], new Date(Date.now() + 29 * day))).toBe(0)
    expect(await purgeIdempotency(databases[dialect], new Date(Date.now() + 31 * day))).toBeGreaterThan(0)
    expect(await databases[dialect].raw.rows(sql`select key from idempotency`)).toEqual([])
  })
})

describe('a duplicate that comes while the first still runs', () => {
  /** Keeps the transaction of the first open for three seconds. */
  function slowFirst() {
    const made = notesApp(databases.postgres)
    made.state.before = async (tx) => {
      const { notes } = tx.tables
      const id = crypto.randomUUID()
      await tx.insert(notes).values({ id, organizationId: OrganizationId.parse('org-1'), title: id })
      await tx.select({ waited: sql`pg_sleep(3)` }).from(notes).where(eq(notes.id, id))
    }
    return made
  }

  it('waits two seconds, then is told to come again; once the first is done it gets its answer', async () => {
    const { post, state, count } = slowFirst()
    const first = post('slow', 'key-w')
    await sleep(300)
    const begun = performance.now()
    const second = await post('slow', 'key-w')
    expect(performance.now() - begun).toBeGreaterThan(1_800)
    expect([second.status, second.headers.get('retry-after')]).toEqual([409, '1'])
    const done = await first
    expect(done.status).toBe(202)
    expect(await (await post('slow', 'key-w')).text()).toBe(await done.text())
    expect([state.runs, await count('slow')]).toEqual([1, 1])
  })

  it('does not run after it was told so, even when the first fails', async () => {
    const { post, state, count } = slowFirst()
    state.after = () => {
      throw new Problem('state-refused', 'Not now.')
    }
    const first = post('failed', 'key-x')
    await sleep(300)
    expect((await post('failed', 'key-x')).status).toBe(409)
    expect((await first).status).toBe(409)
    await sleep(300)
    expect([state.runs, await count('failed')]).toEqual([1, 0])
  })
})
