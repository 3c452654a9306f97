/**
 * The columns that an error file has beside those of the file that was sent. No field is read from them, so a corrected error
 * file can be sent as it is.
 */
export const errorColumns = ['vellum:line', 'vellum:code', 'vellum:message'] as const

/** Whether a header is one of a file that was made by us, so that its cells are to be restored. */
export const isErrorFile = (header: readonly string[]): boolean => errorColumns.every((column) => header.includes(column))
