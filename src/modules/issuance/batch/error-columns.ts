/**
 * The columns that an error file has beside those of the file that was sent. No field is read from them, so a corrected error
 * file can be sent as it is.
 */
export const errorColumns = ['vellum:line', 'vellum:code', 'vellum:message'] as const

const begins = /^'*[=+\-@\t\r\n]/

/** A cell that no spreadsheet takes for a formula: an apostrophe before what would begin one, or before such an apostrophe. */
export const neutralized = (cell: string): string => (begins.test(cell) ? `'${cell}` : cell)

/** The inverse of {@link neutralized}. */
export const restored = (cell: string): string => (cell.startsWith("'") && begins.test(cell) ? cell.slice(1) : cell)

/** Whether a header is one of a file that was made by us, so that its cells are to be restored. */
export const isErrorFile = (header: readonly string[]): boolean => errorColumns.every((column) => header.includes(column))

/** A line of CSV (RFC 4180), every cell neutralized. */
export const csvLine = (cells: readonly string[]): string =>
  `${cells.map(neutralized).map((cell) => (/[",;\t\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\r\n`
