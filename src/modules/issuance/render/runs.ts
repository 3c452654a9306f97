import bidiFactory, { type Bidi } from 'bidi-js'
import type { Font } from './font.ts'
import { type FontSet, fontOf } from './font-set.ts'
import { type Script, isEastAsian, scriptOf } from './script.ts'

/** A stretch of text in one font, one script and one direction. */
export type Run = {
  start: number
  end: number
  font: Font
  script: Script
  /** Embedding level of UAX #9: odd is right to left. */
  level: number
}

/** The package is CommonJS: its default export is the factory, though its types say otherwise under Node's rules. */
const bidi = (bidiFactory as unknown as () => Bidi)()

/** Characters that can make a line anything else than left to right. */
const RIGHT_TO_LEFT =
  /[\u0590-\u08ff\u200f\u202b\u202e\u2067\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u

/**
 * A text that keeps its own direction inside another, e.g. a date in a sentence (UAX #9, FSI and PDI). The marks order
 * the line and are not printed.
 */
export function isolated(text: string): string {
  return `\u2068${text}\u2069`
}

/** The text as it is printed. */
export function withoutIsolates(text: string): string {
  return text.replace(/[\u2068\u2069]/g, '')
}

function isIsolateMark(codePoint: number): boolean {
  return codePoint === 0x2068 || codePoint === 0x2069
}

function startFont(text: string, set: FontSet): { font: Font | undefined; script: Script } {
  for (const character of text) {
    const codePoint = character.codePointAt(0)!
    const script = scriptOf(codePoint)
    if (script !== 'Zyyy') return { font: fontOf(set, codePoint, script, undefined), script }
  }
  return { font: undefined, script: 'Zyyy' }
}

function itemize(text: string, set: FontSet, levels: Uint8Array | undefined): Run[] {
  const runs: Run[] = []
  let { font, script } = startFont(text, set)
  let at = 0
  for (const character of text) {
    const codePoint = character.codePointAt(0)!
    if (isIsolateMark(codePoint)) {
      at += 1
      continue
    }
    const own = scriptOf(codePoint)
    font = fontOf(set, codePoint, own, font)
    if (own !== 'Zyyy') script = isEastAsian(own) ? 'Hani' : own
    const level = levels?.[at] ?? 0
    const last = runs.at(-1)
    const end = at + character.length
    if (last && last.end === at && last.font === font && last.level === level && last.script === script) last.end = end
    else runs.push({ start: at, end, font, script, level })
    at = end
  }
  return runs
}

/** Rule L2 of UAX #9 on whole runs: from the highest level to the lowest odd one, turn what stands at it or above. */
function inVisualOrder(runs: Run[]): Run[] {
  const ordered = [...runs]
  const highest = Math.max(...ordered.map((run) => run.level))
  const lowestOdd = Math.min(...ordered.map((run) => run.level).filter((level) => level & 1))
  for (let level = highest; level >= lowestOdd; level--) {
    for (let from = 0; from < ordered.length; from++) {
      if (ordered[from]!.level < level) continue
      let to = from
      while (to + 1 < ordered.length && ordered[to + 1]!.level >= level) to++
      ordered.splice(from, to - from + 1, ...ordered.slice(from, to + 1).reverse())
      from = to
    }
  }
  return ordered
}

/**
 * Splits one line of text into runs, in the order in which they stand on paper (UAX #9). `direction` fixes the line's
 * base direction; without it the first strong character decides.
 */
export function splitRuns(text: string, set: FontSet, direction?: 'ltr' | 'rtl'): { runs: Run[]; rtl: boolean } {
  if (!RIGHT_TO_LEFT.test(text) && direction !== 'rtl') return { runs: itemize(text, set, undefined), rtl: false }
  const { levels, paragraphs } = bidi.getEmbeddingLevels(text, direction)
  return { runs: inVisualOrder(itemize(text, set, levels)), rtl: ((paragraphs[0]?.level ?? 0) & 1) === 1 }
}
