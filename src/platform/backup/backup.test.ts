import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { filesystemFiles } from '../blobs/filesystem.ts'
import type { TableShape } from '../database/table-shapes.ts'
import { createBackupFolder, verifyFolder } from './backup-folder.ts'
import { readBlobs, writeBlobs } from './blobs-file.ts'
import { loadBlobs } from './load-module.ts'
import { type Manifest, readManifest } from './manifest.ts'
import { unrelayed } from './missing-events.ts'
import { backupOrder } from './order.ts'
import { readRows, writeRows } from './rows-file.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vellum-backup-test-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('the order of a backup', () => {
  it('is whoever hears before whom it hears', () => {
    const order = backupOrder({ identity: [], issuance: ['identity'], verification: ['issuance', 'identity'], notification: ['issuance', 'identity'] })
    expect(order).toEqual(['verification', 'notification', 'issuance', 'identity'])
    expect(backupOrder({ a: ['b'], b: ['a'], c: ['a'] })).toHaveLength(3)
  })
})

const shape: TableShape = { table: 'outbox', columns: [['family', 'text'], ['key', 'text'], ['sequence', 'integer'], ['relayed_at', 'instant']] }
const rows = [['credential', 'a', 1, 5], ['credential', 'a', 2, 5], ['batch', 'a\u2028\n', 1, 5]] as const

async function fileOfRows(): Promise<Buffer> {
  const head = { module: 'issuance', version: '0.1.0', takenAt: new Date(0).toISOString(), migrations: ['0001-initial'] }
  const from = (async function* () {
    yield { shape, rows: rows.slice(0, 1) }
    yield { shape, rows: rows.slice(1) }
    return { applied: {} }
  })()
  const pieces: string[] = []
  for await (const piece of writeRows(head, from)) pieces.push(piece)
  return Buffer.from(pieces.join(''))
}

/** In pieces that know nothing of lines. */
const inPieces = (bytes: Uint8Array, size: number) =>
  Readable.from(Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size)))

describe('a file of rows', () => {
  it.each([1, 7, 10_000])('is read as it was written, in pieces of %i bytes', async (size) => {
    const file = await readRows(inPieces(await fileOfRows(), size))
    expect(file.head).toMatchObject({ module: 'issuance', migrations: ['0001-initial'] })
    const read = []
    for await (const some of file.tables()) read.push(...some.rows)
    expect(read).toEqual(rows)
  })

  it('that was cut off is refused, wherever', async () => {
    const whole = await fileOfRows()
    const read = async (bytes: Uint8Array) => {
      for await (const some of (await readRows(inPieces(bytes, 50))).tables()) void some
    }
    const end = whole.lastIndexOf('\n', whole.length - 2) + 1
    for (const length of [0, 10, whole.indexOf(10) + 1, end]) await expect(read(whole.subarray(0, length))).rejects.toThrow()
    await read(whole)
  })
})

describe('events that a subscriber has not applied', () => {
  it('are sent again, and no others', () => {
    const missing = unrelayed(shape, rows, ({ family, sequence }) => family === 'credential' && sequence > 1)
    expect(missing.map((row) => row[3])).toEqual([5, null, 5])
    expect(unrelayed({ ...shape, table: 'other' }, rows, () => true)).toBe(rows)
  })
})

describe('a file of blobs', () => {
  it('brings back every sealed file, those too that were written meanwhile', async () => {
    const [from, to] = [filesystemFiles({ directory: join(folder, 'from'), module: 'issuance' }), filesystemFiles({ directory: join(folder, 'to'), module: 'issuance' })]
    const contents = new Map(Array.from({ length: 40 }, (_, at) => [`certificates/${at % 3}/${at}.pdf`, Buffer.alloc(at * 1_000, at)]))
    for (const [name, content] of contents) await from.put(name, content)
    const pieces: Uint8Array[] = []
    for await (const piece of writeBlobs('issuance', from)) pieces.push(piece)
    expect(await loadBlobs(to, inPieces(Buffer.concat(pieces), 4_093))).toBe(40)
    for (const [name, content] of contents) expect(Buffer.from((await to.get(name))!).equals(content)).toBe(true)
    await expect(loadBlobs(to, inPieces(Buffer.concat(pieces).subarray(0, -20), 4_093))).rejects.toThrow('cut off')
  })

  it('with a name that leaves the folder is refused', async () => {
    const file = Buffer.from('{"vellum":"blobs","format":1,"module":"issuance","begunAt":"2026-01-01T00:00:00.000Z"}\n{"name":"../../outside","size":1}\nx\n{"end":true,"blobs":1}\n')
    const names = []
    for await (const { name } of readBlobs(inPieces(file, 9))) names.push(name)
    expect(names).toEqual(['../../outside'])
    await expect(loadBlobs(filesystemFiles({ directory: join(folder, 'in'), module: 'issuance' }), inPieces(file, 9))).rejects.toThrow('not one')
    expect(existsSync(join(folder, 'outside'))).toBe(false)
  })
})

describe('a folder with a backup', () => {
  const manifest = (files: Manifest['modules'][number]['files']): Manifest => ({
    vellum: 'backup', format: 1, version: '0.1.0', publicUrl: 'https://vellum.example', begunAt: new Date(0).toISOString(), endedAt: new Date(1).toISOString(),
    modules: [{ module: 'issuance', takenAt: new Date(0).toISOString(), migrations: [], files }],
  })
  const target = () => join(folder, 'backup')

  it('has its name only once it is whole, and shows a changed byte', async () => {
    const made = await createBackupFolder(target())
    const file = await made.write('issuance.rows.jsonl', inPieces(await fileOfRows(), 60), () => {})
    expect(existsSync(target())).toBe(false)
    await made.finish(manifest([{ part: 'rows', ...file }]))
    expect(readdirSync(folder)).toEqual(['backup'])
    const read = await readManifest(target(), 'backup')
    await verifyFolder(target(), read, () => {})
    await expect(readManifest(target(), 'keys')).rejects.toThrow('no backup of data keys')
    const path = join(target(), 'issuance.rows.jsonl')
    const bytes = readFileSync(path)
    bytes[20] = bytes[20]! ^ 1
    writeFileSync(path, bytes)
    await expect(verifyFolder(target(), read, () => {})).rejects.toThrow('checksum')
    await expect(createBackupFolder(target())).rejects.toThrow('there already')
  })

  it('is not there when a copy was cut off, and what was broken off before is begun anew', async () => {
    const first = await createBackupFolder(target())
    await expect(first.write('issuance.rows.jsonl', inPieces((await fileOfRows()).subarray(0, 120), 60), () => {})).rejects.toThrow('cut off')
    const second = await createBackupFolder(target())
    await second.write('issuance.rows.jsonl', inPieces(await fileOfRows(), 60), () => {})
    await second.abandon()
    expect(readdirSync(folder)).toEqual([])
  })
})
