import fc from 'fast-check'
import { expect, it } from 'vitest'
import { csvLine, neutralized, restored } from '#platform/csv.ts'
import { errorColumns, isErrorFile } from './error-columns.ts'
import { readRecords } from './file-records.ts'

it('no cell begins a formula, and every cell comes back as it was', () => {
  const cell = fc.string({ unit: fc.oneof(fc.constantFrom('=', '+', '-', '@', '\t', '\r', '\n', "'", '"', ',', ' ', 'a'), fc.string({ minLength: 1, maxLength: 1 })) })
  fc.assert(
    fc.property(cell, (text) => {
      expect(neutralized(text)).not.toMatch(/^[=+\-@\t\r\n]/)
      expect(restored(neutralized(text))).toBe(text)
    }),
  )
})

it('a whole file of such cells is read as it was meant', async () => {
  const cells = ['=1+1', "'-2", '"quoted", and more', ' spaced ', 'two\nlines', '@x']
  const header = ['a', 'b', 'c', 'd', 'e', 'f', ...errorColumns]
  expect(isErrorFile(header)).toBe(true)
  async function* file() {
    yield Buffer.from(`\ufeff${csvLine(header)}${csvLine([...cells, '2', 'required', 'Fill in.'])}`)
  }
  const records = []
  for await (const record of readRecords('csv', file(), {})) records.push(record.cells)
  expect(records).toEqual([header, [...cells, '2', 'required', 'Fill in.']])
})
