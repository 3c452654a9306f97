import { type Font, type Outline, outlineOf, placedOutline } from './font.ts'
import { addObject, addStream, hex4, num, type PdfWriter, utf16Hex } from './pdf-writer.ts'
import type { Glyph } from './shape.ts'
import { subsetFont } from './subset.ts'

/** The glyphs of one font that a page has used, numbered in the order of their first use. */
type EmbeddedFont = {
  font: Font
  resource: string
  numbers: Map<string, number>
  outlines: Outline[]
  texts: string[]
}

/** The fonts that a page has used. `prefix` keeps the resource names of two sets on one page apart. */
export type EmbeddedFonts = { prefix: string; byFont: Map<Font, EmbeddedFont> }

export function startFonts(prefix: string): EmbeddedFonts {
  return { prefix, byFont: new Map() }
}

export function embeddedFont(fonts: EmbeddedFonts, font: Font): EmbeddedFont {
  let embedded = fonts.byFont.get(font)
  if (!embedded) {
    const resource = `${fonts.prefix}${fonts.byFont.size}`
    embedded = { font, resource, numbers: new Map(), outlines: [outlineOf(font, 0)], texts: [''] }
    fonts.byFont.set(font, embedded)
  }
  return embedded
}

/**
 * The number by which the page shows a glyph. The same glyph standing for another text has another number, so that
 * the way back from number to text is exact.
 */
export function glyphNumber(embedded: EmbeddedFont, glyph: Glyph): number {
  const key = `${glyph.id} ${glyph.dx} ${glyph.dy} ${glyph.text}`
  let number = embedded.numbers.get(key)
  if (number === undefined) {
    number = embedded.outlines.length
    embedded.outlines.push(placedOutline(embedded.font, glyph.id, glyph.dx, glyph.dy))
    embedded.texts.push(glyph.text)
    embedded.numbers.set(key, number)
  }
  return number
}

/** bfchar sections hold at most 100 entries each (Adobe Technical Note 5014). */
function toUnicode(texts: readonly string[]): Buffer {
  const entries = texts.flatMap((text, number) => (text === '' ? [] : [`<${hex4(number)}> <${utf16Hex(text)}>`]))
  let sections = ''
  for (let i = 0; i < entries.length; i += 100) {
    const section = entries.slice(i, i + 100)
    sections += `${section.length} beginbfchar\n${section.join('\n')}\nendbfchar\n`
  }
  return Buffer.from(
    '/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n' +
      '/CIDSystemInfo <</Registry(Adobe)/Ordering(UCS)/Supplement 0>> def\n' +
      '/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n' +
      `1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n${sections}` +
      'endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n',
    'latin1',
  )
}

/** Six letters that mark a subset (ISO 32000-1, 9.6.4). */
function subsetTag(index: number): string {
  return `VELL${String.fromCharCode(65 + Math.floor(index / 26), 65 + (index % 26))}`
}

function writeFont(pdf: PdfWriter, embedded: EmbeddedFont, index: number): number {
  const { font, outlines, texts } = embedded
  const file = subsetFont(font, outlines)
  const name = `${subsetTag(index)}+${font.name}`
  const widths = outlines.map((outline) => num((outline.advance * 1000) / font.unitsPerEm)).join(' ')
  const fileNumber = addStream(pdf, `/Length1 ${file.length}`, file)
  const descriptor = addObject(
    pdf,
    `<</Type/FontDescriptor/FontName/${name}/Flags 4/FontBBox[${font.boundingBox.join(' ')}]/ItalicAngle 0` +
      `/Ascent ${font.ascent}/Descent ${font.descent}/CapHeight 714/StemV 80/FontFile2 ${fileNumber} 0 R>>`,
  )
  const descendant = addObject(
    pdf,
    `<</Type/Font/Subtype/CIDFontType2/BaseFont/${name}` +
      '/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/CIDToGIDMap/Identity/DW 0' +
      `/W[0[${widths}]]/FontDescriptor ${descriptor} 0 R>>`,
  )
  const unicode = addStream(pdf, '', toUnicode(texts))
  return addObject(
    pdf,
    `<</Type/Font/Subtype/Type0/BaseFont/${name}/Encoding/Identity-H` +
      `/DescendantFonts[${descendant} 0 R]/ToUnicode ${unicode} 0 R>>`,
  )
}

/** Writes the subsets; answers with the entries of the page's font resources. `first` numbers the subset tags. */
export function writeFonts(pdf: PdfWriter, fonts: EmbeddedFonts, first: number): string {
  const all = [...fonts.byFont.values()]
  return all.map((embedded, i) => `/${embedded.resource} ${writeFont(pdf, embedded, first + i)} 0 R`).join('')
}
