import { type CellObject, read, SSF, type WorkBook } from '@e965/xlsx'
import { Problem } from '#platform/problem.ts'
import { checkWidth } from './file-records.ts'
import type { StoredRow } from './stored-rows.ts'

/** Of a sheet, at most (ECMA-376 part 1, 18.3.1.73). */
const ROWS = 1_048_576
/** A day with a time before it is a time alone. */
const FIRST_DAY = 1

/**
 * What a person sees in a cell, except that a day is written as ISO 8601 and a number without rounding. Of a formula it is the
 * value that was saved with it.
 */
function textOf(cell: CellObject, date1904: boolean): string {
  const { t, v, w, z } = cell
  if (v === undefined || v === null || t === 'z') return ''
  if (t !== 'n') return t === 'b' ? (v ? 'TRUE' : 'FALSE') : (w ?? String(v))
  const form = typeof z === 'string' ? z : 'General'
  if (form === 'General') return String(v)
  if (!SSF.is_date(form) || Number(v) < FIRST_DAY) return w ?? String(v)
  const day = SSF.parse_date_code(Number(v), { date1904 }) as { y: number; m: number; d: number } | null
  return day ? `${String(day.y).padStart(4, '0')}-${String(day.m).padStart(2, '0')}-${String(day.d).padStart(2, '0')}` : String(v)
}

function readBook(archive: Uint8Array, sheet: string | number): WorkBook {
  try {
    return read(archive, { type: 'array', dense: true, cellNF: true, cellFormula: false, cellHTML: false, sheets: sheet })
  } catch {
    throw unreadable()
  }
}

const unreadable = () => new Problem('validation-failed', 'The sheet cannot be read; open the workbook and save it again as XLSX.')

/** Reads the sheet that is named, else the first that is not hidden. */
function chosenSheet(archive: Uint8Array, name: string | undefined) {
  let book = readBook(archive, name ?? 0)
  const states = book.Workbook?.Sheets ?? []
  let at = 0
  if (name !== undefined) {
    at = book.SheetNames.findIndex((one) => one.toLowerCase() === name.toLowerCase())
    if (at < 0) {
      const there = book.SheetNames.slice(0, 20).map((one) => `"${one}"`).join(', ')
      throw new Problem('validation-failed', `The workbook has no sheet of this name; name one of ${there}.`)
    }
  } else if ((states[0]?.Hidden ?? 0) > 0) {
    at = Math.max(0, states.findIndex(({ Hidden }) => (Hidden ?? 0) === 0))
    book = readBook(archive, at)
  }
  const sheet = book.Sheets[book.SheetNames[at] ?? '']
  if (!sheet) throw unreadable()
  return { sheet, date1904: book.Workbook?.WBProps?.date1904 === true }
}

const emptySheet = () =>
  new Problem('validation-failed', 'The sheet is empty; put a row of headings and a row for each person into it, or name another with "sheet=…".')

/**
 * The rows of one sheet of a workbook, blank ones passed over, each with the number that stands beside it in the sheet. The
 * first is the header, as wide as the widest row; cells behind the last filled one are left out of the others.
 * Throws `Problem('validation-failed')`.
 * @param archive the parts of the workbook, checked
 * @param name of the sheet, in any case; else the first that is not hidden
 */
export function* workbookRows(archive: Uint8Array, name: string | undefined): Generator<StoredRow> {
  const { sheet, date1904 } = chosenSheet(archive, name)
  const data = (sheet['!data'] ?? []) as readonly (readonly (CellObject | undefined)[] | undefined)[]
  if (data.length > ROWS) throw unreadable()
  const width = data.reduce((widest, row) => Math.max(widest, row?.length ?? 0), 0)
  checkWidth(width)
  let isHeader = true
  for (const [at, row = []] of data.entries()) {
    const cells: string[] = []
    const errors: number[] = []
    for (const [column, cell] of row.entries()) {
      const text = cell ? textOf(cell, date1904).toWellFormed() : ''
      if (text.trim() === '') continue
      while (cells.length < column) cells.push('')
      cells.push(text)
      if (cell?.t === 'e') errors.push(column)
    }
    if (cells.length === 0) continue
    while (isHeader && cells.length < width) cells.push('')
    yield { line: at + 1, cells, ...(errors.length > 0 && { errors }) }
    isHeader = false
  }
  if (isHeader) throw emptySheet()
}
