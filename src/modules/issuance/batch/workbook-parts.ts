import { type UnzipFileInfo, unzipSync, zipSync } from 'fflate'
import { Problem } from '#platform/problem.ts'

/** What a workbook may hold once it is inflated: far more than its rows need, and little enough for the memory of a thread. */
export const WORKBOOK_LIMITS = {
  /** Of the file as it is sent, in bytes. */
  bytes: 20 * 1024 * 1024,
  entries: 2_000,
  /** Of all parts that are read, in bytes. */
  inflated: 100 * 1024 * 1024,
  /** Elements begin and end with one: a cell with a number has four. */
  tags: 8_000_000,
} as const

const MAIN = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml'
const LESS_THAN = 0x3c

export const tooManyRows = () =>
  new Problem('too-large', 'The workbook holds too much to be read at once; split it, or save the sheet as CSV UTF-8 and send that.')

const damaged = () => new Problem('validation-failed', 'The workbook cannot be read: it is damaged or cut off; save it again as XLSX.')

/**
 * The parts of an XLSX file (ECMA-376 part 2) that its rows are read from, as an archive without compression. Their number and
 * sizes are taken from the central directory before anything is inflated, and no part is inflated beyond the size that stands
 * there. Throws `Problem`: too-large, validation-failed, unsupported-media-type.
 */
export function workbookParts(file: Uint8Array, limits: typeof WORKBOOK_LIMITS | Record<keyof typeof WORKBOOK_LIMITS, number> = WORKBOOK_LIMITS): Uint8Array {
  let entries = 0
  let inflated = 0
  const wanted = ({ name, originalSize }: UnzipFileInfo): boolean => {
    if (++entries > limits.entries) throw tooManyRows()
    // Pictures, macros and what else a workbook may carry stay closed.
    if (!/\.(?:xml|rels)$/i.test(name)) return false
    inflated += originalSize
    if (inflated > limits.inflated) throw tooManyRows()
    return true
  }
  let parts: Record<string, Uint8Array>
  try {
    parts = unzipSync(file, { filter: wanted })
  } catch (error) {
    throw error instanceof Problem ? error : damaged()
  }
  const types = parts['[Content_Types].xml']
  if (!types || !Buffer.from(types).includes(MAIN))
    throw new Problem('unsupported-media-type', 'This is a zip archive, but no XLSX workbook; send the workbook itself, or CSV UTF-8.')
  let tags = 0
  for (const part of Object.values(parts)) for (const byte of part) if (byte === LESS_THAN) tags++
  if (tags > limits.tags) throw tooManyRows()
  return zipSync(parts, { level: 0 })
}
