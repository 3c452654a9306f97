const SEGMENTERS = new Map<string, Intl.Segmenter>()

function segmenter(granularity: 'word' | 'grapheme'): Intl.Segmenter {
  let found = SEGMENTERS.get(granularity)
  if (!found) {
    found = new Intl.Segmenter('en', { granularity })
    SEGMENTERS.set(granularity, found)
  }
  return found
}

/** Signs that must not begin a line, and signs that must not end one. */
const NOT_FIRST = /^[\p{Pe}\p{Pf}\p{M},.:;!?%…،؛؟。、，．：；！？ー々·’”]/u
const NOT_LAST = /[\p{Ps}\p{Pi}“‘]$/u
/** Scripts written without spaces, which may break between words (Thai) or characters (Chinese, Japanese). */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u

function mayBreak(before: string, after: string): boolean {
  if (NOT_FIRST.test(after) || NOT_LAST.test(before)) return false
  if (/\s$/.test(before)) return true
  if (/^\s/.test(after)) return false
  if (/[-\u2010\u2013\u2014/]$/.test(before)) return true
  return UNSPACED.test(before.slice(-1)) || UNSPACED.test(after.slice(0, 1))
}

/**
 * Cuts a text where a line may end (a small part of UAX #14): behind spaces and hyphens, and between the words of
 * scripts without spaces. The pieces together are the text; a piece keeps the space that follows it.
 */
export function breakPieces(text: string): string[] {
  const pieces: string[] = []
  for (const { segment } of segmenter('word').segment(text)) {
    const last = pieces.at(-1)
    if (last === undefined || mayBreak(last, segment)) pieces.push(segment)
    else pieces[pieces.length - 1] = last + segment
  }
  return pieces
}

/** What a reader takes for single characters; the last resort for a word that is wider than its line. */
export function graphemes(text: string): string[] {
  return Array.from(segmenter('grapheme').segment(text), ({ segment }) => segment)
}
