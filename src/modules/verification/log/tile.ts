import type { NodeId, ReadNodes } from './merkle-tree.ts'
import { HASH_LENGTH } from './merkle-hash.ts'

/** Hashes (or entries) in a full tile. */
export const TILE_WIDTH = 256

/**
 * A run of `width` neighbouring hashes: the `index`-th tile of its level, C2SP tlog-tiles. Level 0 holds leaf hashes,
 * each hash of level L spans 256^L leaves. Level `entries` holds log entries instead of hashes. A width under 256 is a
 * partial tile.
 */
export type Tile = { level: number | 'entries'; index: number; width: number }

/** Path of a tile below the log's address: `tile/0/x001/x234/067.p/12`. */
export function tilePath({ level, index, width }: Tile): string {
  const groups: string[] = []
  let rest = index
  do {
    groups.unshift(String(rest % 1000).padStart(3, '0'))
    rest = Math.floor(rest / 1000)
  } while (rest > 0)
  const encoded = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/')
  return `tile/${level}/${encoded}${width < TILE_WIDTH ? `.p/${width}` : ''}`
}

/**
 * The tile that a path means, or null when it is not the one spelling of a tile that C2SP tlog-tiles allows. One tile,
 * one address: a second spelling would be cached twice.
 */
export function parseTilePath(path: string): Tile | null {
  const match = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path)
  if (!match) return null
  const level = match[1] === 'entries' ? 'entries' : Number(match[1])
  const index = Number(match[2]!.replaceAll(/[x/]/g, ''))
  const width = match[3] === undefined ? TILE_WIDTH : Number(match[3])
  if (level !== 'entries' && level > 63) return null
  if (!Number.isSafeInteger(index) || width < 1) return null
  const tile: Tile = { level, index, width }
  return tilePath(tile) === path ? tile : null
}

/** Every tile of a tree of `size` leaves, full and partial, entry bundles not counted. Lowest level first. */
export function tilesOf(size: number): Tile[] {
  const tiles: Tile[] = []
  for (let level = 0, hashes = size; hashes > 0; level += 1, hashes = Math.floor(hashes / TILE_WIDTH)) {
    for (let index = 0; index * TILE_WIDTH < hashes; index += 1) {
      tiles.push({ level, index, width: Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH) })
    }
  }
  return tiles
}

/** Whether a tree of `size` leaves has all of this tile. A partial tile stays readable after it was filled. */
export function hasTile(size: number, { level, index, width }: Tile): boolean {
  const span = level === 'entries' ? 1 : TILE_WIDTH ** level
  return index * TILE_WIDTH + width <= Math.floor(size / span)
}

/** The complete subtrees whose hashes are the tile, left to right. A tile of entries is of no hashes. */
export function tileNodes({ level, index, width }: Tile): NodeId[] {
  if (level === 'entries') throw new TypeError('A bundle of entries has no hashes')
  return Array.from({ length: width }, (_, i) => ({ level: level * 8, index: index * TILE_WIDTH + i }))
}

/** Bytes of a tile of hashes: 32 × width. One read. Ask `hasTile` with the size of a signed checkpoint first. */
export async function tileBytes(tile: Tile, readNodes: ReadNodes): Promise<Uint8Array> {
  const hashes = await readNodes(tileNodes(tile))
  if (hashes.length !== tile.width) throw new Error(`The log has no tile ${tilePath(tile)}`)
  const bytes = new Uint8Array(tile.width * HASH_LENGTH)
  hashes.forEach((hash, i) => bytes.set(hash, i * HASH_LENGTH))
  return bytes
}

/**
 * Bytes of a bundle of entries: each with its length before it, 16 bits, big-endian. C2SP tlog-tiles, "Log entries".
 */
export function entryBundle(entries: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    entries.flatMap((entry) => {
      if (entry.length > 0xffff) throw new RangeError('A log entry is at most 65,535 bytes')
      return [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry]
    }),
  )
}

/** The entries of a bundle. @throws RangeError when it was cut off */
export function entriesOf(bundle: Uint8Array): Uint8Array[] {
  const entries: Uint8Array[] = []
  for (let at = 0; at < bundle.length; ) {
    const start = at + 2
    const end = start + (bundle[at]! << 8) + (bundle[at + 1] ?? 0)
    if (end > bundle.length) throw new RangeError('The bundle of entries was cut off')
    entries.push(bundle.subarray(start, end))
    at = end
  }
  return entries
}
