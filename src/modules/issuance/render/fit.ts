import { breakPieces, graphemes } from './line-break.ts'
import type { Line } from './shape.ts'

/** A box for text, in points. */
export type FitBox = {
  width: number
  height: number
  /** The wanted size, and the size below which wrapping is better than shrinking further. */
  size: number
  wrapBelow: number
  /** Distance of base lines, as a multiple of the size. */
  lineHeight: number
  /** Points between letters, at the wanted size. */
  letterSpacing: number
}

export type Fitted = { lines: Line[]; size: number; letterSpacing: number }

/** A word is broken inside only when its text would otherwise be smaller than this (points). */
const SMALLEST_UNBROKEN = 7
const STEP = 0.25

type Shape = (text: string) => Line

function spacedWidth(line: Line, size: number, letterSpacing: number): number {
  return (line.width * size) / 1000 + letterSpacing * Math.max(0, line.text.length - 1)
}

/** Fills lines from the left; undefined when a piece is wider than the line. Widths are per mille of an em. */
function fill(widths: { full: number; trimmed: number }[], available: number): number[] | undefined {
  const starts: number[] = []
  let used = Number.POSITIVE_INFINITY
  for (const [index, width] of widths.entries()) {
    if (width.trimmed > available) return undefined
    if (used + width.trimmed > available) {
      starts.push(index)
      used = 0
    }
    used += width.full
  }
  return starts
}

/** The smallest width that needs no more lines, so that lines are of about equal length. */
function balance(widths: { full: number; trimmed: number }[], available: number, count: number): number[] {
  let low = available / count / 2
  let high = available
  for (let i = 0; i < 12; i++) {
    const middle = (low + high) / 2
    const starts = fill(widths, middle)
    if (starts && starts.length <= count) high = middle
    else low = middle
  }
  return fill(widths, high)!
}

function wrap(pieces: string[], box: FitBox, shape: Shape, smallest: number): Fitted | undefined {
  const widths = pieces.map((piece) => ({ full: shape(piece).width, trimmed: shape(piece.trimEnd()).width }))
  for (let size = box.size; size >= smallest; size -= STEP) {
    const available = (box.width * 1000) / size
    const starts = fill(widths, available)
    if (!starts || starts.length * size * box.lineHeight > box.height) continue
    const balanced = balance(widths, available, starts.length)
    const lines = balanced.map((start, i) => shape(pieces.slice(start, balanced[i + 1]).join('').trim()))
    // Shaped as a whole a line may come out a little wider than its pieces: shrink by that.
    const excess = Math.max(1, ...lines.map((line) => line.width / available))
    return { lines, size: size / excess, letterSpacing: 0 }
  }
  return undefined
}

/**
 * Sets a text into a box so that nothing is cut off: at the wanted size on one line; else smaller on one line, down
 * to `wrapBelow`; else on several lines at the largest size that fits. `shape` shapes one line.
 */
export function fitText(text: string, box: FitBox, shape: Shape): Fitted {
  const line = shape(text)
  const width = spacedWidth(line, box.size, box.letterSpacing)
  const ratio = width > box.width ? box.width / width : 1
  const single = { lines: [line], size: box.size * ratio, letterSpacing: box.letterSpacing * ratio }
  if (single.size >= box.wrapBelow) return single
  const wrapped =
    wrap(breakPieces(text), box, shape, SMALLEST_UNBROKEN) ?? wrap(graphemes(text), box, shape, STEP) ?? single
  return wrapped.size > single.size ? wrapped : single
}
