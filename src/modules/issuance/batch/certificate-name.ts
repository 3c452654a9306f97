/** In bytes of UTF-8: with number and ending below the 255 that file systems take. */
const LONGEST = 180

/**
 * What a certificate is called beside the others of its batch: `0001 Ada Lovelace.pdf`. The record's number makes it unique and
 * keeps the order of the file. Of the name goes what a file system takes for its own (also Windows'), what nobody sees, and
 * what turns the direction of what stands around (UAX #9, section 2).
 */
export function certificateName(record: number, digits: number, name: string): string {
  const number = String(record).padStart(digits, '0')
  const visible = name
    .normalize('NFC')
    .replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]/gu, '')
    .replaceAll(/[/\\:*?"<>|]/g, '_')
    .replaceAll(/\s+/gu, ' ')
  const kept = shortened(visible.trim()).replaceAll(/^[. ]+|[. ]+$/g, '')
  return kept === '' ? `${number}.pdf` : `${number} ${kept}.pdf`
}

const characters = new Intl.Segmenter('und', { granularity: 'grapheme' })

function shortened(text: string): string {
  if (Buffer.byteLength(text) <= LONGEST) return text
  let kept = ''
  for (const { segment } of characters.segment(text)) {
    if (Buffer.byteLength(kept) + Buffer.byteLength(segment) > LONGEST) break
    kept += segment
  }
  return kept
}
