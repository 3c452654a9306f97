import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parse } from 'csv-parse/sync'

export interface RecipientsFile {
  readonly bytes: Buffer
  /** Records without the header. */
  readonly rows: number
}

/**
 * Reads a CSV file as it is, or its first `rows` records; beyond its end it begins again, with other addresses and ids.
 * Throws one sentence when it is no CSV file.
 */
export function readRecipients(file: string, rows?: number): RecipientsFile {
  const bytes = readFileSync(file)
  let records: string[][]
  try {
    records = parse(bytes, { bom: true, relax_column_count: true, skip_empty_lines: true }) as string[][]
  } catch (error) {
    throw new Error(`${basename(file)} is not a CSV file that can be read: ${String(error)}`, { cause: error })
  }
  const [header, ...people] = records
  if (!header || people.length === 0) throw new Error(`${basename(file)} holds no record.`)
  if (rows === undefined || rows === people.length) return { bytes, rows: people.length }
  const isId = header.map((name) => /(^|[^a-z])id$/i.test(name.trim()))
  const taken = Array.from({ length: rows }, (_, at) => {
    const round = Math.floor(at / people.length)
    const person = people[at % people.length] as string[]
    return round === 0 ? person : person.map((cell, column) => another(cell, isId[column] ?? false, round))
  })
  return { bytes: Buffer.from([header, ...taken].map((cells) => cells.map(quoted).join(',')).join('\r\n') + '\r\n'), rows }
}

/** The cell of somebody else: an address and an id are their own. */
function another(cell: string, isId: boolean, round: number): string {
  if (/^[^@\s]+@[^@\s]+$/.test(cell)) return cell.replace('@', `.${round}@`)
  return isId && cell !== '' ? `${cell}-${round}` : cell
}

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)
