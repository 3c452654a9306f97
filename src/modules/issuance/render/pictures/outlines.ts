import type { PlacedText } from '../place.ts'
import { THICKENING } from '../text-operators.ts'

function two(value: number): string {
  return String(Math.round(value * 100) / 100)
}

/** A glyph's outline, whose numbers are x and y in turn, moved to its place; y runs down in SVG. */
function moved(path: string, x: number, y: number, scale: number): string {
  return path.replace(/(-?[\d.]+),(-?[\d.]+)/g, (_, px: string, py: string) =>
    `${two(x + Number(px) * scale)} ${two(y - Number(py) * scale)}`)
}

function hex(color: readonly number[]): string {
  return `#${color.map((part) => Math.round(part * 255).toString(16).padStart(2, '0')).join('')}`
}

/** A text as SVG paths, so that it looks the same where its fonts are missing. `height` is the page's, in points. */
export function outlinedText(placed: PlacedText, height: number): string {
  const fill = hex(placed.color)
  return placed.lines.map((line, index) => {
    let { x } = placed.positions[index]!
    const y = height - placed.positions[index]!.y
    return line.runs.map(({ font, scale, thicken, glyphs }) => {
      const perUnit = (placed.size * scale) / font.unitsPerEm
      const data = glyphs.map((glyph) => {
        const outline = moved(font.shaper.glyphToPath(glyph.id), x + glyph.dx * perUnit, y - glyph.dy * perUnit, perUnit)
        x += glyph.advance * perUnit + placed.letterSpacing
        return outline
      }).join('')
      const heavy = thicken ? ` stroke="${fill}" stroke-width="${two(placed.size * THICKENING)}"` : ''
      return data === '' ? '' : `<path d="${data}" fill="${fill}"${heavy}/>`
    }).join('')
  }).join('')
}
