import { describe, expect, it } from 'vitest'
import { hashLeaf, hashNode } from './merkle-hash.ts'
import { appendLeaves } from './merkle-tree.ts'
import type { NodeId, ReadNodes } from './merkle-tree.ts'
import { entryBundle, hasTile, parseTilePath, tileBytes, tileNodes, tilePath, tilesOf } from './tile.ts'

describe('the address of a tile (C2SP tlog-tiles)', () => {
  it.each([
    [{ level: 0, index: 1234067, width: 256 }, 'tile/0/x001/x234/067'],
    [{ level: 3, index: 0, width: 256 }, 'tile/3/000'],
    [{ level: 0, index: 273, width: 112 }, 'tile/0/273.p/112'],
    [{ level: 1, index: 1000, width: 1 }, 'tile/1/x001/000.p/1'],
    [{ level: 'entries' as const, index: 12, width: 255 }, 'tile/entries/012.p/255'],
  ])('writes and reads %o', (tile, path) => {
    expect(tilePath(tile)).toBe(path)
    expect(parseTilePath(path)).toEqual(tile)
  })

  it.each([
    'tile/0/1', 'tile/0/x000/001', 'tile/00/001', 'tile/64/001', 'tile/0/001/', 'tile/0/001.p/0', 'tile/0/001.p/256',
    'tile/0/001.p/01', 'tile/0/x001', 'tile/0/001/x002', 'tile/-1/001', '/tile/0/001', 'tile/data/001', 'tile/0/../001',
    `tile/0/${'x999/'.repeat(9)}999`,
  ])('refuses %s', (path) => {
    expect(parseTilePath(path)).toBeNull()
  })
})

describe('the tiles of a tree', () => {
  it('are those of the specification’s example of 70,000 leaves', () => {
    const tiles = tilesOf(70_000)
    const widths = (level: number) => tiles.filter((tile) => tile.level === level).map((tile) => tile.width)
    expect(widths(0)).toEqual([...Array(273).fill(256), 112])
    expect(widths(1)).toEqual([256, 17])
    expect(widths(2)).toEqual([1])
    expect(widths(3)).toEqual([])
  })

  it('are a full one and one of a single hash above it, for 256 leaves', () => {
    expect(tilesOf(256).map(tilePath)).toEqual(['tile/0/000', 'tile/1/000.p/1'])
    expect(tilesOf(0)).toEqual([])
  })

  it('exist exactly when the tree is large enough', () => {
    expect(hasTile(255, { level: 0, index: 0, width: 256 })).toBe(false)
    expect(hasTile(256, { level: 0, index: 0, width: 256 })).toBe(true)
    expect(hasTile(300, { level: 0, index: 1, width: 44 })).toBe(true)
    expect(hasTile(300, { level: 0, index: 1, width: 45 })).toBe(false)
    expect(hasTile(511, { level: 1, index: 0, width: 2 })).toBe(false)
    expect(hasTile(300, { level: 'entries', index: 1, width: 44 })).toBe(true)
    expect(hasTile(300, { level: 'entries', index: 1, width: 45 })).toBe(false)
  })

  it('hold leaf hashes at level 0, and the root of each full tile above', async () => {
    const leaves = Array.from({ length: 600 }, (_, i) => hashLeaf(Buffer.from(String(i))))
    const rows = new Map<string, Uint8Array>()
    const readNodes: ReadNodes = async (ids) => ids.map(({ level, index }: NodeId) => rows.get(`${level}/${index}`)!)
    const { nodes } = await appendLeaves(0, leaves, readNodes)
    for (const { level, index, hash } of nodes) rows.set(`${level}/${index}`, hash)

    const lower = await tileBytes({ level: 0, index: 2, width: 88 }, readNodes)
    expect(Buffer.from(lower)).toEqual(Buffer.concat(leaves.slice(512)))

    const upper = await tileBytes({ level: 1, index: 0, width: 2 }, readNodes)
    let row = leaves.slice(256, 512)
    while (row.length > 1) row = row.flatMap((hash, i) => (i % 2 ? [] : [hashNode(hash, row[i + 1]!)]))
    expect(Buffer.from(upper.slice(32))).toEqual(Buffer.from(row[0]!))
    expect(tileNodes({ level: 1, index: 0, width: 2 })).toEqual([{ level: 8, index: 0 }, { level: 8, index: 1 }])
  })

  it('carry entries with 16 bits of length before each', () => {
    const bundle = entryBundle([Buffer.alloc(32, 1), Buffer.from('ab')])
    expect(Buffer.from(bundle).toString('hex')).toBe(`0020${'01'.repeat(32)}00026162`)
  })
})
