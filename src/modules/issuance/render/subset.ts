import { type Font, type Outline, outlineOf } from './font.ts'

const TABLES = 6

function align(length: number): number {
  return (length + 3) & ~3
}

/** Adds the glyphs that composites are made of behind the given ones, and tells each one's place. */
function withComponents(font: Font, outlines: readonly Outline[]) {
  const all = [...outlines]
  const places = new Map<number, number>()
  for (let i = 0; i < all.length; i++) {
    for (const { glyph } of all[i]!.components) {
      if (places.has(glyph)) continue
      places.set(glyph, all.length)
      all.push(outlineOf(font, glyph))
    }
  }
  return { all, places }
}

function checksum(bytes: Buffer, start: number, length: number): number {
  let sum = 0
  for (let at = start; at < start + align(length); at += 4) sum = (sum + bytes.readUInt32BE(at)) >>> 0
  return sum
}

/**
 * Writes a TrueType font that holds just these glyphs, numbered by their place in the list (the first must be .notdef;
 * one glyph may stand in it more than once). It has the six tables that PDF needs (ISO 32000-1, 9.9) and neither cmap
 * nor names: the PDF addresses glyphs by number.
 */
export function subsetFont(font: Font, outlines: readonly Outline[]): Buffer {
  const { all, places } = withComponents(font, outlines)
  const count = all.length
  const outlineLength = all.reduce((sum, outline) => sum + outline.bytes.length, 0)
  const lengths: [tag: string, length: number][] = [
    ['glyf', outlineLength],
    ['head', 54],
    ['hhea', 36],
    ['hmtx', 4 * count],
    ['loca', 4 * (count + 1)],
    ['maxp', 32],
  ]
  const at: Record<string, number> = {}
  let end = 12 + 16 * TABLES
  for (const [tag, length] of lengths) {
    at[tag] = end
    end += align(length)
  }

  const out = Buffer.alloc(end)
  out.writeUInt32BE(0x00010000, 0)
  out.writeUInt16BE(TABLES, 4)
  out.writeUInt16BE(64, 6) // searchRange, entrySelector and rangeShift for six tables
  out.writeUInt16BE(2, 8)
  out.writeUInt16BE(32, 10)

  let position = at.glyf!
  all.forEach((outline, index) => {
    out.writeUInt32BE(position - at.glyf!, at.loca! + 4 * index)
    outline.bytes.copy(out, position)
    for (const component of outline.components) {
      out.writeUInt16BE(places.get(component.glyph)!, position + component.at)
    }
    position += outline.bytes.length
    out.writeUInt16BE(outline.advance, at.hmtx! + 4 * index)
    out.writeInt16BE(outline.leftSideBearing, at.hmtx! + 4 * index + 2)
  })
  out.writeUInt32BE(outlineLength, at.loca! + 4 * count)
  font.head.copy(out, at.head)
  font.hhea.copy(out, at.hhea)
  out.writeUInt16BE(count, at.hhea! + 34)
  font.maxp.copy(out, at.maxp)
  out.writeUInt16BE(count, at.maxp! + 4)

  lengths.forEach(([tag, length], index) => {
    const entry = 12 + 16 * index
    out.write(tag, entry, 'latin1')
    out.writeUInt32BE(checksum(out, at[tag]!, length), entry + 4)
    out.writeUInt32BE(at[tag]!, entry + 8)
    out.writeUInt32BE(length, entry + 12)
  })
  return out
}
