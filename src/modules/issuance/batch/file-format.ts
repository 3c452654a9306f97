import { Problem } from '#platform/problem.ts'

/** How people send many records. */
export type FileFormat = 'csv' | 'ndjson' | 'xlsx'

export const workbookType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

const described: Readonly<Record<FileFormat, string>> = {
  csv: 'CSV (text/csv)',
  ndjson: 'JSON, one object on each line (application/x-ndjson)',
  xlsx: `an XLSX workbook (${workbookType})`,
}

/** What a `Content-Type` promises; `any`: the content alone tells. */
const declared: Readonly<Record<string, FileFormat | 'any'>> = {
  'text/csv': 'csv',
  'application/csv': 'csv',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'application/x-jsonlines': 'ndjson',
  [workbookType]: 'xlsx',
  'application/octet-stream': 'any',
  'text/plain': 'any',
}

/** The format that a media type promises. Throws `Problem('unsupported-media-type')` for one that is no file of records. */
export function declaredFormat(contentType: string): FileFormat | 'any' {
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase()
  const format = Object.hasOwn(declared, type) ? declared[type] : undefined
  if (format === undefined)
    throw new Problem(
      'unsupported-media-type',
      `Send the file as ${described.csv}, ${described.ndjson} or ${described.xlsx}, or as the field "file" of multipart/form-data.`,
    )
  return format
}

const beginsWith = (bytes: Uint8Array, ...first: number[]): boolean => first.every((byte, at) => bytes[at] === byte)

/** What the first bytes of a file say that it is. Throws `Problem('unsupported-media-type')` for what is none of the three. */
export function sniffFormat(start: Uint8Array): FileFormat {
  if (beginsWith(start, 0x50, 0x4b, 0x03, 0x04)) return 'xlsx'
  if (beginsWith(start, 0xd0, 0xcf, 0x11, 0xe0))
    throw new Problem('unsupported-media-type', 'This is a workbook of an old or locked form; save it as XLSX without a password, or as CSV UTF-8.')
  if (beginsWith(start, 0x25, 0x50, 0x44, 0x46, 0x2d))
    throw new Problem('unsupported-media-type', 'This is a PDF; send the people as CSV, as JSON lines or as an XLSX workbook.')
  const text = new TextDecoder().decode(start.subarray(0, 1_024)).trimStart()
  if (text.startsWith('['))
    throw new Problem('unsupported-media-type', 'This looks like a JSON array; send one object on each line, with nothing around them.')
  return /^\{\s*["}]/.test(text) ? 'ndjson' : 'csv'
}

/** Throws `Problem('unsupported-media-type')` when the content is not what its sender said. */
export function agreedFormat(said: FileFormat | 'any', start: Uint8Array): FileFormat {
  const found = sniffFormat(start)
  if (said !== 'any' && said !== found)
    throw new Problem('unsupported-media-type', `The file looks like ${described[found]}, but was sent as ${described[said]}; send it as what it is.`)
  return found
}
