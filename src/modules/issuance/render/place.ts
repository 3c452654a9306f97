import { type FitBox, fitText } from './fit.ts'
import type { Font } from './font.ts'
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
  const first = firstBaseLine(box, set.primary, size, leading * (lines.length - 1))
  const positions = lines.map((line, index) => {
    const width = lineWidth(line, size, letterSpacing)
    const free = box.width - width
    const x = box.x + (box.align === 'center' ? free / 2 : box.align === 'right' ? free : 0)
    return { x, y: first - leading * index, width }
  })
  return { lines, positions, size, letterSpacing, color: box.color }
}

/**
 * Where pdfme puts the first base line of a text: by the ascent and descent of the font that the design names, whatever
 * fonts set the text. `below` is the distance of the last base line from the first.
 */
function firstBaseLine(box: TextBox, { ascent, descent }: Font, size: number, below: number): number {
  const [above, under] = [(ascent * size) / 1000, (-descent * size) / 1000]
  const halfLead = ((box.lineHeight - 1) * size) / 2
  if (box.vertical === 'top') return box.y + box.height - above - halfLead
  if (box.vertical === 'bottom') return box.y + under + halfLead + below
  return box.y + (box.height + below - above + under) / 2
}

/** The direction of the whole text, by its first strong character (UAX #9, P2), for all of its lines. */
function baseDirection(text: string): 'ltr' | 'rtl' {
  const first = /\p{L}/u.exec(text)
  return first && /[\p{Script=Arabic}\p{Script=Hebrew}]/u.test(first[0]) ? 'rtl' : 'ltr'
}
