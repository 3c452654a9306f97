const begins = /^'*[=+\-@\t\r\n]/

/** A cell that no spreadsheet takes for a formula: an apostrophe before what would begin one, or before such an apostrophe. */
export const neutralized = (cell: string): string => (begins.test(cell) ? `'${cell}` : cell)

/** The inverse of {@link neutralized}. */
export const restored = (cell: string): string => (cell.startsWith("'") && begins.test(cell) ? cell.slice(1) : cell)

/** A line of CSV (RFC 4180), every cell neutralized. */
export const csvLine = (cells: readonly string[]): string =>
  `${cells.map(neutralized).map((cell) => (/[",;\t\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\r\n`
