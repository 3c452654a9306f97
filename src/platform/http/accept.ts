import { Problem } from '../problem.ts'

interface Range {
  readonly type: string
  readonly quality: number
}

/**
 * The representation that suits an Accept header best (RFC 9110, section 12.5.1): the highest quality wins, a more
 * specific range decides the quality of a type, and among equals the order of `offered` counts. Without a header: the
 * first. Throws `Problem('not-acceptable')`.
 */
export function accepted<const T extends readonly string[]>(header: string | undefined, offered: T): T[number] {
  const ranges = parse(header ?? '*/*')
  let best: { type: string; quality: number } | undefined
  for (const type of offered) {
    const quality = qualityOf(type, ranges)
    if (quality > (best?.quality ?? 0)) best = { type, quality }
  }
  if (!best) throw new Problem('not-acceptable', `Accept one of: ${offered.join(', ')}.`)
  return best.type
}

/** True for a browser: it names text/html itself, where a program says nothing or asks for any type. */
export const prefersHtml = (header: string | undefined): boolean => /\btext\/html\b/i.test(header ?? '')

const parse = (header: string): Range[] =>
  header
    .split(',')
    .slice(0, 50)
    .map((part) => {
      const [type = '', ...parameters] = part.trim().toLowerCase().split(/\s*;\s*/)
      const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
      return { type, quality: quality === undefined ? 1 : Math.min(1, Math.max(0, Number(quality) || 0)) }
    })

function qualityOf(type: string, ranges: readonly Range[]): number {
  const bare = type.split(';')[0]!.toLowerCase()
  const family = `${bare.split('/')[0]}/*`
  for (const wanted of [bare, family, '*/*']) {
    const range = ranges.find((candidate) => candidate.type === wanted)
    if (range) return range.quality
  }
  return 0
}
