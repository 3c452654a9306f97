import { type EmbeddedFonts, embeddedFont, glyphNumber } from './embedded-fonts.ts'
import { outlineOf } from './font.ts'
import { hex4, num, textString } from './pdf-writer.ts'
import type { PlacedText } from './place.ts'
import type { GlyphRun, Line } from './shape.ts'

/** Differences of the pen below this (thousandths of an em) are not worth an operator. */
const NEGLIGIBLE = 0.3

/** Width of the line that thickens an outline, as a part of the size. */
export const THICKENING = 0.022

/** One run as a TJ operator: glyph numbers, with corrections where the shaper's advance is not the font's. */
function showGlyphs(run: GlyphRun, fonts: EmbeddedFonts): string {
  const embedded = embeddedFont(fonts, run.font)
  const scale = 1000 / run.font.unitsPerEm
  let operator = '['
  let codes = ''
  let shown = 0
  let wanted = 0
  const correct = () => {
    const difference = wanted - shown
    if (Math.abs(difference) <= NEGLIGIBLE) return
    if (codes) operator += `<${codes}>`
    operator += num(-difference)
    codes = ''
    shown += difference
  }
  for (const glyph of run.glyphs) {
    correct()
    codes += hex4(glyphNumber(embedded, glyph))
    shown += outlineOf(run.font, glyph.id).advance * scale
    wanted += glyph.advance * scale
  }
  correct()
  return `${operator}${codes ? `<${codes}>` : ''}] TJ\n`
}

/** The operators that show one line of a text. */
export function lineOperators(line: Line, placed: PlacedText, index: number, fonts: EmbeddedFonts): string {
  const { size, letterSpacing } = placed
  const { x, y } = placed.positions[index]!
  let text = `BT\n${letterSpacing ? `${num(letterSpacing)} Tc ` : ''}1 0 0 1 ${num(x)} ${num(y)} Tm\n`
  for (const run of line.runs) {
    const glyphs = showGlyphs(run, fonts)
    const weight = run.thicken ? `2 Tr ${num(size * THICKENING)} w ` : ''
    text += `${weight}/${embeddedFont(fonts, run.font).resource} ${num(size * run.scale)} Tf\n${glyphs}`
    if (run.thicken) text += '0 Tr\n'
  }
  text += 'ET\n'
  // Letter spacing looks like spaces to a reader that extracts text by positions.
  const needsActualText = line.needsActualText || (letterSpacing !== 0 && !line.rtl)
  return needsActualText ? `/Span<</ActualText${textString(line.text)}>>BDC\n${text}EMC\n` : text
}

/** The operators that show a text, as one piece of marked content (ISO 32000-1, 14.6). */
export function textOperators(placed: PlacedText, role: string, mark: number, fonts: EmbeddedFonts): string {
  const lines = placed.lines.map((line, index) => lineOperators(line, placed, index, fonts)).join('')
  const color = placed.color.map(num).join(' ')
  return `/${role}<</MCID ${mark}>>BDC\nq ${color} rg ${color} RG\n${lines}Q\nEMC\n`
}
