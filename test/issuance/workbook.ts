import { utils, type WorkSheet, write } from '@e965/xlsx'

/** An XLSX file with these sheets, each from its rows or as it is. */
export function workbook(sheets: Readonly<Record<string, unknown[][] | WorkSheet>>, hidden: readonly string[] = []): Uint8Array<ArrayBuffer> {
  const book = utils.book_new()
  for (const [name, sheet] of Object.entries(sheets))
    utils.book_append_sheet(book, Array.isArray(sheet) ? utils.aoa_to_sheet(sheet) : sheet, name)
  book.Workbook = { Sheets: book.SheetNames.map((name) => ({ name, Hidden: hidden.includes(name) ? 1 : 0 })) }
  return new Uint8Array(write(book, { type: 'buffer', bookType: 'xlsx', compression: true }) as Buffer)
}
