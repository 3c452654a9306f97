import * as hb from 'harfbuzzjs'
import type { Font } from './font.ts'
import type { FontSet } from './font-set.ts'
import { isHeavy, opticalScale } from './fonts.ts'
import { splitRuns, withoutIsolates } from './runs.ts'
import type { Script } from './script.ts'

/** A shaped glyph. Numbers are in units of its font; `text` is what it stands for, empty if another glyph tells it. */
export type Glyph = { id: number; dx: number; dy: number; advance: number; text: string }

export type GlyphRun = {
  font: Font
  /** The run's size as a multiple of the line's. */
  scale: number
  /** The face is heavy and this font has no heavy weight: its outlines are to be thickened. */
  thicken: boolean
  script: Script
  glyphs: Glyph[]
  /** Thousandths of the line's em. */
  width: number
}

/** One line of text, shaped, its runs from left to right. */
export type Line = {
  text: string
  runs: GlyphRun[]
  /** Thousandths of an em. */
  width: number
  rtl: boolean
  /**
   * Whether the glyphs do not tell the text by themselves, so that the line needs /ActualText. Never for lines with
   * right-to-left parts: readers take /ActualText there as visual order and turn it round.
   */
  needsActualText: boolean
}

const buffer = new hb.Buffer()
const GRAPHEMES = 0
/** Keeps a cluster per character, so that each mark of a vocalised text tells its own character. */
const CHARACTERS = 1

function shapeRun(font: Font, text: string, rtl: boolean, language: string) {
  buffer.reset()
  buffer.setClusterLevel(rtl ? CHARACTERS : GRAPHEMES)
  buffer.addText(text)
  buffer.setDirection(rtl ? hb.Direction.RTL : hb.Direction.LTR)
  buffer.setLanguage(language)
  buffer.guessSegmentProperties()
  hb.shape(font.shaper, buffer)
  return buffer.getGlyphInfosAndPositions()
}

/** Where the text of each cluster ends: at the start of the next one in logical order. */
function clusterEnds(clusters: number[], length: number): Map<number, number> {
  const starts = [...new Set(clusters)].sort((a, b) => a - b)
  return new Map(starts.map((start, index) => [start, starts[index + 1] ?? length]))
}

function readGlyphs(font: Font, text: string, rtl: boolean, language: string): Glyph[] {
  const shaped = shapeRun(font, text, rtl, language)
  const ends = clusterEnds(shaped.map((glyph) => glyph.cluster), text.length)
  return shaped.map((glyph, index) => {
    // A cluster's text goes to the glyph that is first in logical order: leftmost, or rightmost when right to left.
    const before = shaped[rtl ? index + 1 : index - 1]
    const tells = before?.cluster !== glyph.cluster
    return {
      id: glyph.codepoint,
      dx: glyph.xOffset ?? 0,
      dy: glyph.yOffset ?? 0,
      advance: glyph.xAdvance ?? 0,
      text: tells ? text.slice(glyph.cluster, ends.get(glyph.cluster)) : '',
    }
  })
}

/**
 * Shapes one line (HarfBuzz, runs by script, bidirectional order by UAX #9). `language` is a BCP 47 tag and selects
 * localized forms; `direction` fixes the base direction, else the first strong character decides.
 */
export function shapeLine(text: string, set: FontSet, language: string, direction?: 'ltr' | 'rtl'): Line {
  const split = splitRuns(text, set, direction)
  let width = 0
  let oneToOne = true
  let leftToRight = !split.rtl
  const runs = split.runs.map(({ font, script, start, end, level }) => {
    const rtl = (level & 1) === 1
    const glyphs = readGlyphs(font, text.slice(start, end), rtl, language)
    if (rtl) leftToRight = false
    let advance = 0
    for (const glyph of glyphs) {
      advance += glyph.advance
      if (glyph.text === '' || glyph.text.length > 2) oneToOne = false
    }
    const scale = opticalScale(font.name)
    const thicken = isHeavy(set.primary.name) && !isHeavy(font.name)
    const runWidth = (advance * 1000 * scale) / font.unitsPerEm
    width += runWidth
    return { font, scale, thicken, script, glyphs, width: runWidth }
  })
  return { text: withoutIsolates(text), runs, width, rtl: split.rtl, needsActualText: leftToRight && !oneToOne }
}
