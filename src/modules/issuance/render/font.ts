import * as hb from 'harfbuzzjs'

/**
 * A glyph as it goes into a subset: outline bytes of the `glyf` table without hinting instructions, padded to four
 * bytes, and the places in them where component glyph numbers stand (they are renumbered by the subset).
 */
export type Outline = {
  bytes: Buffer
  components: { at: number; glyph: number }[]
  /** Advance width in font units. */
  advance: number
  leftSideBearing: number
}

/** A parsed TrueType font. Parsing costs 10 to 30 ms for large fonts, so keep it; it is never changed afterwards. */
export type Font = {
  name: string
  unitsPerEm: number
  /** Ascent, descent and bounding box in thousandths of an em, as PDF font descriptors want them. */
  ascent: number
  descent: number
  boundingBox: number[]
  /** Tables that a subset copies and patches. */
  head: Buffer
  hhea: Buffer
  maxp: Buffer
  shaper: hb.Font
  data: Buffer
  tables: Map<string, { offset: number; length: number }>
  longOffsets: boolean
  horizontalMetrics: number
  outlines: Map<number, Outline>
  placedOutlines: Map<string, Outline>
  coverage: Map<number, boolean>
}

function table(font: Pick<Font, 'tables' | 'name'>, tag: string) {
  const found = font.tables.get(tag)
  if (!found) throw new Error(`Font ${font.name} has no ${tag} table`)
  return found
}

/**
 * Reads a static TrueType font (OpenType 1.9, `glyf` outlines). Throws for CFF outlines and for variable fonts, which
 * must be instanced first.
 */
export function parseFont(name: string, bytes: Uint8Array): Font {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const tables = new Map<string, { offset: number; length: number }>()
  for (let i = 0; i < data.readUInt16BE(4); i++) {
    const entry = 12 + 16 * i
    tables.set(data.toString('latin1', entry, entry + 4), {
      offset: data.readUInt32BE(entry + 8),
      length: data.readUInt32BE(entry + 12),
    })
  }
  if (!tables.has('glyf')) throw new Error(`Font ${name} has no TrueType outlines`)
  if (tables.has('fvar')) throw new Error(`Font ${name} is variable: use a static instance`)
  const at = (tag: string) => table({ tables, name }, tag).offset
  const headAt = at('head')
  const hheaAt = at('hhea')
  const unitsPerEm = data.readUInt16BE(headAt + 18)
  const perMille = (units: number) => Math.round((units * 1000) / unitsPerEm)

  const head = Buffer.from(data.subarray(headAt, headAt + 54))
  head.writeInt16BE(1, 50) // subsets are written with long offsets
  const maxp = Buffer.from(data.subarray(at('maxp'), at('maxp') + 32))
  for (const field of [14, 16, 18, 20, 22, 24, 26]) maxp.writeUInt16BE(0, field) // no instructions, no storage
  maxp.writeUInt16BE(1, 14)

  return {
    name,
    unitsPerEm,
    ascent: perMille(data.readInt16BE(hheaAt + 4)),
    descent: perMille(data.readInt16BE(hheaAt + 6)),
    boundingBox: [36, 38, 40, 42].map((field) => perMille(data.readInt16BE(headAt + field))),
    head,
    hhea: Buffer.from(data.subarray(hheaAt, hheaAt + 36)),
    maxp,
    shaper: new hb.Font(new hb.Face(new hb.Blob(bytes as Uint8Array<ArrayBuffer>))),
    data,
    tables,
    longOffsets: data.readInt16BE(headAt + 50) === 1,
    horizontalMetrics: data.readUInt16BE(hheaAt + 34),
    outlines: new Map(),
    placedOutlines: new Map(),
    coverage: new Map(),
  }
}

/** Whether the font has a glyph of its own for a code point. */
export function covers(font: Font, codePoint: number): boolean {
  let known = font.coverage.get(codePoint)
  if (known === undefined) {
    known = font.shaper.nominalGlyph(codePoint) !== undefined
    font.coverage.set(codePoint, known)
  }
  return known
}

function horizontalMetrics(font: Font, glyph: number) {
  const start = table(font, 'hmtx').offset
  const last = font.horizontalMetrics - 1
  const advance = font.data.readUInt16BE(start + 4 * Math.min(glyph, last))
  const leftSideBearing =
    glyph <= last
      ? font.data.readInt16BE(start + 4 * glyph + 2)
      : font.data.readInt16BE(start + 4 * (last + 1) + 2 * (glyph - last - 1))
  return { advance, leftSideBearing }
}

function glyphBytes(font: Font, glyph: number): Buffer {
  const loca = table(font, 'loca').offset
  const glyf = table(font, 'glyf').offset
  const offset = (index: number) =>
    font.longOffsets ? font.data.readUInt32BE(loca + 4 * index) : 2 * font.data.readUInt16BE(loca + 2 * index)
  return font.data.subarray(glyf + offset(glyph), glyf + offset(glyph + 1))
}

const WORDS_ARE_ARGUMENTS = 0x0001
const HAS_SCALE = 0x0008
const MORE_COMPONENTS = 0x0020
const HAS_XY_SCALE = 0x0040
const HAS_TWO_BY_TWO = 0x0080
const HAS_INSTRUCTIONS = 0x0100

function withoutInstructions(source: Buffer): Pick<Outline, 'bytes' | 'components'> {
  if (source.length === 0) return { bytes: source, components: [] }
  const contours = source.readInt16BE(0)
  if (contours >= 0) {
    const at = 10 + 2 * contours
    const instructions = source.readUInt16BE(at)
    const bytes = Buffer.concat([source.subarray(0, at), Buffer.from([0, 0]), source.subarray(at + 2 + instructions)])
    return { bytes, components: [] }
  }
  const bytes = Buffer.from(source)
  const components: Outline['components'] = []
  let at = 10
  let flags: number
  do {
    flags = bytes.readUInt16BE(at)
    bytes.writeUInt16BE(flags & ~HAS_INSTRUCTIONS, at)
    components.push({ at: at + 2, glyph: bytes.readUInt16BE(at + 2) })
    at += 4 + (flags & WORDS_ARE_ARGUMENTS ? 4 : 2)
    at += flags & HAS_SCALE ? 2 : flags & HAS_XY_SCALE ? 4 : flags & HAS_TWO_BY_TWO ? 8 : 0
  } while (flags & MORE_COMPONENTS)
  return { bytes: bytes.subarray(0, at), components }
}

function padded(bytes: Buffer): Buffer {
  const rest = bytes.length & 3
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(4 - rest)])
}

/** The outline of a glyph, prepared for a subset. Cached with the font. */
export function outlineOf(font: Font, glyph: number): Outline {
  let outline = font.outlines.get(glyph)
  if (!outline) {
    const { bytes, components } = withoutInstructions(glyphBytes(font, glyph))
    outline = { bytes: padded(bytes), components, ...horizontalMetrics(font, glyph) }
    font.outlines.set(glyph, outline)
  }
  return outline
}

/**
 * A glyph moved by the shaper (GPOS), as a composite whose origin stays at the pen. A mark placed like this needs no
 * text-rise operator, which keeps it in its word when a reader extracts the text. Offsets are in font units.
 */
export function placedOutline(font: Font, glyph: number, dx: number, dy: number): Outline {
  const plain = outlineOf(font, glyph)
  if ((dx === 0 && dy === 0) || plain.bytes.length === 0) return plain
  const key = `${glyph},${dx},${dy}`
  let outline = font.placedOutlines.get(key)
  if (!outline) {
    const bytes = Buffer.alloc(20)
    bytes.writeInt16BE(-1, 0)
    bytes.writeInt16BE(plain.bytes.readInt16BE(2) + dx, 2)
    bytes.writeInt16BE(plain.bytes.readInt16BE(4) + dy, 4)
    bytes.writeInt16BE(plain.bytes.readInt16BE(6) + dx, 6)
    bytes.writeInt16BE(plain.bytes.readInt16BE(8) + dy, 8)
    bytes.writeUInt16BE(0x0003, 10) // arguments are words, and they are offsets
    bytes.writeUInt16BE(glyph, 12)
    bytes.writeInt16BE(dx, 14)
    bytes.writeInt16BE(dy, 16)
    outline = {
      bytes,
      components: [{ at: 12, glyph }],
      advance: plain.advance,
      leftSideBearing: plain.leftSideBearing + dx,
    }
    font.placedOutlines.set(key, outline)
  }
  return outline
}
