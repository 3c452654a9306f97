import { type FitBox, fitText } from './fit.ts'
import { fontSetFor } from './font-set.ts'
import { bearsLetterSpacing, scriptOf } from './script.ts'
import { type Line, shapeLine } from './shape.ts'
import type { TextBox } from './text-box.ts'

/** A text where it stands on the page; points, origin at the lower left. */
export type PlacedText = {
  lines: Line[]
  positions: { x: number; y: number; width: number }[]
  size: number
  letterSpacing: number
  color: [red: number, green: number, blue: number]
}

/** Middle of a line above its base line, as a part of the size: half the height of a capital. */
const MIDDLE = 0.36

function lineWidth(line: Line, size: number, letterSpacing: number): number {
  return (line.width * size) / 1000 + letterSpacing * Math.max(0, line.text.length - 1)
}

/**
 * Sets a text into its box: shaped, shrunk or wrapped so that it fits, aligned. `language` is a BCP 47 tag.
 */
export async function placeText(text: string, box: TextBox, language: string): Promise<PlacedText> {
  const set = await fontSetFor(box.font, language, text)
  const spaced = box.letterSpacing !== 0 && [...text].every((c) => bearsLetterSpacing(scriptOf(c.codePointAt(0)!)))
  const direction = baseDirection(text)
  const fitBox: FitBox = { ...box, letterSpacing: spaced ? box.letterSpacing : 0 }
  const fitted = fitText(text, fitBox, (line) => shapeLine(line, set, language, direction))
  const { lines, size, letterSpacing } = fitted
  const leading = size * box.lineHeight
  const block = leading * lines.length
  const top =
    box.vertical === 'top' ? box.y + box.height
    : box.vertical === 'bottom' ? box.y + block
    : box.y + (box.height + block) / 2
  const positions = lines.map((line, index) => {
    const width = lineWidth(line, size, letterSpacing)
    const free = box.width - width
    const x = box.x + (box.align === 'center' ? free / 2 : box.align === 'right' ? free : 0)
    return { x, y: top - leading * (index + 0.5) - size * MIDDLE, width }
  })
  return { lines, positions, size, letterSpacing, color: box.color }
}

/** The direction of the whole text, by its first strong character (UAX #9, P2), for all of its lines. */
function baseDirection(text: string): 'ltr' | 'rtl' {
  const first = /\p{L}/u.exec(text)
  return first && /[\p{Script=Arabic}\p{Script=Hebrew}]/u.test(first[0]) ? 'rtl' : 'ltr'
}
