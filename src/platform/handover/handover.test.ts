import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hono } from 'hono'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeBlobs } from '../backup/blobs-file.ts'
import { rowsOfSnapshot, writeRows } from '../backup/rows-file.ts'
import { filesystemFiles } from '../blobs/filesystem.ts'
import { createServiceTokens } from '../call/service-token.ts'
import { initialMigration, notesSchema, openNotes } from '../database/notes-fixture.ts'
import { sqliteFile } from '../database/open.ts'
import { openSnapshot } from '../database/snapshot.ts'
import { tableShapes } from '../database/table-shapes.ts'
import { type HandoverAction, handoverPath, mountHandover } from './handover-routes.ts'
import { openPlacements, readPlacements, withPlacements } from './placement.ts'

const tokens = createServiceTokens(new TextEncoder().encode('a secret of thirty-two characters'))
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vellum-handover-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** What a process keeps of a move, without the process: its file, its database and its routes. */
async function side(name: string, { awaits = false, redis = true } = {}) {
  const dataDir = join(folder, name)
  const url = `sqlite:${dataDir}`
  openPlacements(dataDir, ['notes'], awaits)
  const files = filesystemFiles({ directory: join(dataDir, 'blobs'), module: 'notes' })
  let replaced = 0
  const app = new Hono()
  const target = async () => ({ schema: notesSchema, url, migrations: [await initialMigration(notesSchema, 'sqlite')], files })
  mountHandover(app, { module: 'notes', dataDir, target, redis, replace: () => replaced++, tokens, log: pino({ level: 'silent' }) })
  const send = async (action: HandoverAction, move: string, body?: string | Uint8Array, caller = 'cli') =>
    app.request(`${handoverPath('notes', action)}?move=${move}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await tokens.mint(caller, 'notes')}` },
      ...(body !== undefined && { body: body as Uint8Array<ArrayBuffer> }),
    })
  return {
    dataDir, url, files,
    act: async (action: HandoverAction, move: string, body?: string | Uint8Array) => (await send(action, move, body)).status,
    send,
    runs: () => withPlacements({ hosted: ['notes'], remote: {}, front: false }, readPlacements(dataDir)).hosted.length === 1,
    state: () => readPlacements(dataDir).notes,
  }
}

async function pieces(content: AsyncIterable<string | Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const piece of content) all.push(typeof piece === 'string' ? Buffer.from(piece) : piece)
  return Buffer.concat(all)
}

async function copyOf({ url, files }: Awaited<ReturnType<typeof side>>): Promise<Record<'rows' | 'blobs', Buffer>> {
  const snapshot = await openSnapshot('notes', url)
  const head = { module: 'notes', version: '0.1.0', takenAt: snapshot.takenAt.toISOString(), migrations: [...snapshot.migrations] }
  const rows = await pieces(writeRows(head, rowsOfSnapshot(snapshot, tableShapes(notesSchema))))
  await snapshot.close()
  return { rows, blobs: await pieces(writeBlobs('notes', files)) }
}

const leave = JSON.stringify({ to: 'http://there:3001' })

describe('a module that moves', () => {
  it('runs nowhere on its way, then there with all its rows, and its old database is set aside', async () => {
    const [here, there] = [await side('here'), await side('there', { awaits: true })]
    const database = await openNotes(here.url)
    await database.transaction((tx) => tx.insert(tx.tables.counters).values({ id: 'a', value: 7 }))
    await database.close()
    await here.files.put('a/1', Buffer.from('sealed'))
    expect([here.runs(), there.runs()]).toEqual([true, false])
    expect(await here.act('leave', 'm1', leave)).toBe(200)
    expect([here.runs(), there.runs()]).toEqual([false, false])
    const copy = await copyOf(here)
    expect(await there.act('begin', 'm1')).toBe(409)
    expect(await there.act('rows', 'm1', copy.rows)).toBe(200)
    expect(await there.act('begin', 'm1')).toBe(409)
    expect(await there.act('blobs', 'm1', copy.blobs)).toBe(200)
    expect(await there.act('begin', 'm1')).toBe(200)
    expect(await here.act('finish', 'm1')).toBe(200)
    expect([here.runs(), there.runs()]).toEqual([false, true])
    expect(existsSync(sqliteFile(here.url, 'notes'))).toBe(false)
    const moved = await openNotes(there.url, { migrate: false })
    expect(await moved.read.select().from(moved.tables.counters)).toEqual([{ id: 'a', value: 7 }])
    await moved.close()
    expect(Buffer.from((await there.files.get('a/1'))!).toString()).toBe('sealed')
    // Neither end starts it twice when its settings are the old ones.
    openPlacements(there.dataDir, ['notes'], true)
    expect([here.runs(), there.runs()]).toEqual([false, true])
  })

  it('does not begin where a copy was cut off, or was called back while it was on its way', async () => {
    const [here, there] = [await side('here'), await side('there', { awaits: true })]
    await (await openNotes(here.url)).close()
    await here.act('leave', 'm1', leave)
    const { rows, blobs } = await copyOf(here)
    expect(await there.act('rows', 'm1', rows.subarray(0, rows.length - 20))).toBe(500)
    expect(await there.act('blobs', 'm1', blobs)).toBe(409)
    expect(await there.act('rows', 'm1', rows)).toBe(200)
    // Another command calls it back, and the first goes on as if nothing had been.
    expect(await there.act('forget', 'm1')).toBe(200)
    expect(await here.act('stay', 'm1')).toBe(200)
    for (const [action, body] of [['blobs', blobs], ['begin'], ['rows', rows], ['begin']] as const) expect(await there.act(action, 'm1', body)).toBe(409)
    expect(await here.act('finish', 'm1')).toBe(409)
    expect([here.runs(), there.runs()]).toEqual([true, false])
    // The next move is another one.
    expect(await here.act('leave', 'm2', leave)).toBe(200)
    for (const [action, body] of [['rows', rows], ['blobs', blobs], ['begin']] as const) expect(await there.act(action, 'm2', body)).toBe(200)
    expect(await there.act('forget', 'm2')).toBe(409)
    expect(await here.act('stay', 'm1')).toBe(409)
    expect([here.runs(), there.runs()]).toEqual([false, true])
  })

  it('is loaded over nothing that runs, and leaves no process without Redis', async () => {
    const here = await side('here', { redis: false })
    await (await openNotes(here.url)).close()
    const { rows } = await copyOf(here)
    expect(await here.act('rows', 'm1', rows)).toBe(409)
    expect(await here.act('leave', 'm1', leave)).toBe(409)
    expect(here.runs()).toBe(true)
    expect((await here.send('stay', 'm1', undefined, 'notification')).status).toBe(403)
  })
})
