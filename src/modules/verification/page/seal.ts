import { html, type Html } from './html.ts'

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' })

/** The first letter of a name in a ring: a mark for the eye, which says nothing that the name beside it does not. */
export function seal(name: string): Html | undefined {
  for (const { segment } of graphemes.segment(name)) {
    if (/^[\p{L}\p{N}]/u.test(segment)) return html`<span class="seal" aria-hidden="true">${segment.toUpperCase()}</span>`
  }
  return undefined
}
