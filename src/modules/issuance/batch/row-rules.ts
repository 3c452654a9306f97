import { type Claim, type ClaimField, checkClaim } from '../credential/claim-rules.ts'
import type { ColumnMap } from './column-rules.ts'

/** Why one record of a file is refused; the value itself is never repeated. */
export interface RowFault {
  /** First physical line of the record in the file, from 1, the header included. */
  readonly line: number
  /** Number of the record, from 1, the header not counted. */
  readonly record: number
  /** The header's own word for the column; null when the record as a whole is at fault. */
  readonly column: string | null
  readonly code: string
  readonly message: string
}

export interface FileRecord {
  readonly line: number
  readonly record: number
  readonly cells: readonly string[]
  /** Why it is none: said by whoever read the file. */
  readonly fault?: Pick<RowFault, 'column' | 'code' | 'message'>
}

export interface RowContext {
  readonly header: readonly string[]
  readonly columns: ColumnMap
  /** For records that name none. */
  readonly achievement: string | undefined
  readonly defaultLocale: string
  readonly today: Date
}

/** A record becomes a claim, or one fault: the first that a person would mend. */
export function checkRow(row: FileRecord, context: RowContext): { claim: Claim } | { fault: RowFault } {
  const at = { line: row.line, record: row.record }
  const { header, columns } = context
  if (row.fault) return { fault: { ...at, ...row.fault } }
  if (row.cells.length !== header.length) {
    const short = row.cells.length < header.length
    const column = short ? (header[row.cells.length] ?? null) : null
    const message = short
      ? `The record ends after ${row.cells.length} of ${header.length} cells; fill in the rest, or put commas for empty cells.`
      : `The record has ${row.cells.length} cells under ${header.length} headings; put quotes around cells that contain commas.`
    return { fault: { ...at, column, code: short ? 'record-short' : 'record-long', message } }
  }
  const cell = (field: ClaimField): string | undefined => {
    const index = columns[field]
    return index === undefined ? undefined : row.cells[index]
  }
  const result = checkClaim(
    {
      name: cell('name') ?? '',
      email: cell('email') ?? '',
      achievement: cell('achievement') || (context.achievement ?? ''),
      completedOn: cell('completedOn'),
      externalId: cell('externalId'),
      occurrence: cell('occurrence'),
      locale: cell('locale'),
    },
    { today: context.today, defaultLocale: context.defaultLocale },
  )
  if ('claim' in result) return result
  const [first] = result.faults
  if (first === undefined) throw new Error('A refused claim has at least one fault.')
  const index = columns[first.field]
  return {
    fault: {
      ...at,
      column: index === undefined ? first.field : (header[index] ?? null),
      code: first.code,
      message: first.message,
    },
  }
}

/** A record beyond what the organization may have in this month. */
export const quotaFault = ({ line, record }: FileRecord): { fault: RowFault } => ({
  fault: { line, record, column: null, code: 'quota-exceeded', message: 'The organization has used up its credentials of this month; send the record again when there are new ones.' },
})

/** The second of two records of one file that mean the same credential. */
export const duplicateFault = (row: FileRecord, column: string | null): { fault: RowFault } => ({
  fault: {
    line: row.line,
    record: row.record,
    column,
    code: 'duplicate-in-file',
    message: 'An earlier record of this file is for the same credential; take one of them out, or give them different occurrences.',
  },
})
