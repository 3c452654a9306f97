import { utils } from '@e965/xlsx'
import { strToU8, unzipSync, zipSync } from 'fflate'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, test } from 'vitest'
import { workbook } from '../../../../test/issuance/workbook.ts'
import { once } from './file-records.ts'
import { readStoredRows } from './stored-rows.ts'
import { WORKBOOK_LIMITS, workbookParts } from './workbook-parts.ts'
import { createWorkbooks, type Workbooks, type WorkbooksOptions } from './workbooks.ts'

const opened: Workbooks[] = []
const workbooks = (options: WorkbooksOptions = {}) => {
  const made = createWorkbooks(options)
  opened.push(made)
  return made
}
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()))
})

const MB = 1024 * 1024
const sheetOf = (file: Uint8Array, name?: string, limit = 50 * MB) => workbooks().sheet(once(file), name, limit)

/** Line, cells and fault of every row, the header first. */
async function rowsOf(file: Uint8Array, name?: string) {
  const { rows } = await sheetOf(file, name)
  return Array.fromAsync(readStoredRows(once(rows), {}), ({ line, cells, fault }) => (fault ? [line, cells, fault.code, fault.column] : [line, cells]))
}

const refusal = async (file: Uint8Array, name?: string) => {
  const error = await sheetOf(file, name).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ name: 'Problem' })
  return error as { code: string; message: string }
}

const people = [['Name', 'E-Mail'], ['Ada', 'ada@example.org']]

describe('a workbook', { timeout: 60_000 }, () => {
  test('is read row by row, each with the number beside it, blank ones passed over', async () => {
    const sheet = utils.aoa_to_sheet([[], [], ...people, [null, ' '], [null, null, null, 'a note'], ['Grace', 'grace@example.org']])
    expect(await rowsOf(workbook({ People: sheet }))).toEqual([
      [3, ['Name', 'E-Mail', '', '']],
      [4, ['Ada', 'ada@example.org', '', '']],
      [6, ['', '', '', 'a note']],
      [7, ['Grace', 'grace@example.org', '', '']],
    ])
  })

  test('has days as ISO 8601, numbers unrounded or as they are shown, and of formulas the value', async () => {
    const sheet = utils.aoa_to_sheet([['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']])
    const cells = [
      { t: 'n', v: 46_000, z: 'd/m/yy' },
      { t: 'n', v: 46_000.75, z: '[$-409]mmmm d, yyyy h:mm' },
      { t: 'n', v: 123_456_789_012_345, f: '1+1' },
      { t: 'n', v: 42, z: '00000' },
      { t: 's', v: 'two words', f: 'A1&B1' },
      { t: 'b', v: true },
      { t: 'n', v: 0.5, z: 'hh:mm' },
      { t: 's', v: '2026-01-01 \u05d0' },
    ]
    cells.forEach((cell, at) => (sheet[utils.encode_cell({ r: 1, c: at })] = cell))
    sheet['!ref'] = 'A1:H2'
    const [, row] = await rowsOf(workbook({ One: sheet }))
    expect(row).toEqual([2, ['2025-12-09', '2025-12-09', '123456789012345', '00042', 'two words', 'TRUE', '12:00', '2026-01-01 \u05d0']])
  })

  test('that counts days from 1904 means the same days', async () => {
    const parts = unzipSync(workbook({ One: utils.aoa_to_sheet([['day'], [{ t: 'n', v: 1, z: 'yyyy-mm-dd' }]]) }))
    const book = new TextDecoder().decode(parts['xl/workbook.xml']).replace(/<workbookPr[^>]*\/>/, '<workbookPr date1904="1"/>')
    expect(book).toContain('date1904')
    expect(await rowsOf(zipSync({ ...parts, 'xl/workbook.xml': strToU8(book) }))).toEqual([[1, ['day']], [2, ['1904-01-02']]])
  })

  test('whose formula gives an error has a fault there, if anything is read from it', async () => {
    const sheet = utils.aoa_to_sheet([['Name', 'E-Mail', 'Average'], ['Ada', 'ada@example.org', { t: 'e', v: 7 }], [{ t: 'e', v: 42 }, 'b@example.org', 1]])
    expect(await rowsOf(workbook({ One: sheet }))).toEqual([
      [1, ['Name', 'E-Mail', 'Average']],
      [2, ['Ada', 'ada@example.org', '#DIV/0!']],
      [3, ['#N/A', 'b@example.org', '1'], 'cell-error', 'Name'],
    ])
  })

  test('is read at its first sheet that is not hidden, or at the one that is named', async () => {
    const file = workbook({ Lists: [['x']], People: people, Others: [['Name'], ['Eve']] }, ['Lists'])
    expect(await rowsOf(file)).toEqual([[1, ['Name', 'E-Mail']], [2, ['Ada', 'ada@example.org']]])
    expect(await rowsOf(file, 'others')).toEqual([[1, ['Name']], [2, ['Eve']]])
    expect(await refusal(file, 'Nobody')).toMatchObject({ code: 'validation-failed', message: expect.stringContaining('"Lists", "People", "Others"') })
  })

  test('a row of more than a megabyte is refused alone', async () => {
    const wide = Array.from({ length: 40 }, () => 'x'.repeat(30_000))
    expect(await rowsOf(workbook({ One: [['Name', 'E-Mail'], wide, ['Ada', 'ada@example.org']] }))).toMatchObject([
      [1, ['Name', 'E-Mail', ...Array(38).fill('')]],
      [2, Array(40).fill(''), 'record-too-large', null],
      [3, ['Ada', 'ada@example.org', ...Array(38).fill('')]],
    ])
  })
})

/** A zip archive whose central directory claims other sizes than its entries have. */
function lying(file: Uint8Array, claim: number): Uint8Array {
  const bytes = Buffer.from(file)
  for (let at = bytes.indexOf('PK\x01\x02', 0, 'latin1'); at >= 0; at = bytes.indexOf('PK\x01\x02', at + 4, 'latin1')) bytes.writeUInt32LE(claim, at + 24)
  return new Uint8Array(bytes)
}

describe('is refused with a sentence:', { timeout: 60_000 }, () => {
  const sheetXml = (inside: string) => `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>${inside}</sheetData></worksheet>`
  const withSheet = (inside: Uint8Array, level: 0 | 9 = 9) => zipSync({ ...unzipSync(workbook({ One: people })), 'xl/worksheets/sheet1.xml': inside }, { level })

  test('a bomb, before anything of it is inflated', async () => {
    const bomb = withSheet(new Uint8Array(WORKBOOK_LIMITS.inflated + 1).fill(0x20))
    expect(bomb.length).toBeLessThan(MB)
    const before = process.memoryUsage.rss()
    expect(() => workbookParts(bomb)).toThrow(/too much/)
    expect(process.memoryUsage.rss() - before).toBeLessThan(50 * MB)
    expect(await refusal(bomb)).toMatchObject({ code: 'too-large' })
  })

  test('a bomb that claims to be small is inflated no further than it claims', () => {
    const bomb = lying(withSheet(new Uint8Array(WORKBOOK_LIMITS.inflated).fill(0x20)), 2_000)
    const before = process.memoryUsage.rss()
    expect(workbookParts(bomb).length).toBeLessThan(50_000)
    expect(process.memoryUsage.rss() - before).toBeLessThan(50 * MB)
  })

  test('more parts, or more elements, than a workbook needs', async () => {
    const many = zipSync({ ...unzipSync(workbook({ One: people })), ...Object.fromEntries(Array.from({ length: WORKBOOK_LIMITS.entries }, (_, i) => [`a/${i}.png`, new Uint8Array()])) })
    expect(await refusal(many)).toMatchObject({ code: 'too-large' })
    expect(await refusal(withSheet(new Uint8Array(WORKBOOK_LIMITS.tags + 10).fill(0x3c)))).toMatchObject({ code: 'too-large' })
  })

  test('a cell beyond any sheet, and more columns than a file may have', async () => {
    const cell = (name: string, row: number) => strToU8(sheetXml(`<row r="${row}"><c r="${name}${row}"><v>1</v></c></row>`))
    expect(await refusal(withSheet(cell('A', 2_000_000_000)))).toMatchObject({ code: 'validation-failed', message: expect.stringMatching(/cannot be read/) })
    expect(await refusal(withSheet(cell('ZZZZZZ', 1)))).toMatchObject({ code: 'validation-failed', message: expect.stringMatching(/500 columns/) })
  })

  test('more than 20 MB, while it arrives', async () => {
    let sent = 0
    async function* endless() {
      for (;;) yield new Uint8Array(MB).fill(sent++)
    }
    await expect(workbooks().sheet(endless(), undefined, MB)).rejects.toMatchObject({ code: 'too-large', message: expect.stringContaining('20 MB') })
    expect(sent).toBe(21)
  })

  test('rows that take more than a file may have', async () => {
    await expect(sheetOf(workbook({ One: people }), undefined, 50)).rejects.toMatchObject({ code: 'too-large' })
  })

  const cases: [string, () => Uint8Array, string, RegExp][] = [
    ['another archive', () => zipSync({ 'word/document.xml': strToU8('<document/>') }), 'unsupported-media-type', /no XLSX workbook/],
    ['a workbook that is cut off', () => workbook({ One: people }).subarray(0, 900), 'validation-failed', /damaged or cut off/],
    ['a beginning alone', () => Uint8Array.of(0x50, 0x4b, 3, 4), 'validation-failed', /damaged or cut off/],
    ['a sheet with nothing in it', () => workbook({ One: [] }), 'validation-failed', /The sheet is empty/],
    ['a sheet with spaces in it', () => workbook({ One: [[' ']] }), 'validation-failed', /The sheet is empty/],
    ['a sheet that is missing', () => zipSync({ ...unzipSync(workbook({ One: people })), 'xl/worksheets/sheet1.xml': strToU8('') }), 'validation-failed', /sheet/],
  ]
  test.each(cases)('%s', async (_, file, code, sentence) => {
    expect(await refusal(file())).toMatchObject({ code, message: expect.stringMatching(sentence) })
  })

  test('one that takes too long, and the next is taken', async () => {
    const slow = workbooks({ timeoutMs: 300, startWorker: () => new Worker('setInterval(() => {}, 1000)', { eval: true }) })
    await expect(slow.sheet(once(workbook({ One: people })), undefined, MB)).rejects.toMatchObject({ code: 'too-large' })
    await expect(slow.sheet(once(workbook({ One: people })), undefined, MB)).rejects.toMatchObject({ code: 'too-large' })
  })

  test('more than are held in memory at once', async () => {
    const full = workbooks({ maxHeld: 1, timeoutMs: 200, startWorker: () => new Worker('setInterval(() => {}, 1000)', { eval: true }) })
    const first = full.sheet(once(workbook({ One: people })), undefined, MB).catch(() => {})
    await expect(full.sheet(once(workbook({ One: people })), undefined, MB)).rejects.toMatchObject({ code: 'rate-limited' })
    await first
  })
})
