import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { readCsv } from './csv-file.ts'
import { matchColumns } from './column-rules.ts'
import { checkRow, type RowContext } from './row-rules.ts'

async function* file(name: string) {
  yield await readFile(new URL(`../../../../test/data/${name}`, import.meta.url))
}

async function check(name: string) {
  let context: RowContext | undefined
  const results = []
  for await (const row of readCsv(file(name))) {
    if (context) results.push({ row, result: checkRow(row, context) })
    else
      context = {
        header: row.cells,
        columns: matchColumns(row.cells).columns,
        achievement: undefined,
        defaultLocale: 'en',
        today: new Date('2026-11-23T12:00:00Z'),
      }
  }
  return results
}

describe('the records of a file', () => {
  it('are all good in the sample of a thousand', async () => {
    const results = await check('recipients-1000.csv')
    expect(results).toHaveLength(1_000)
    expect(results.filter(({ result }) => 'fault' in result)).toEqual([])
  })

  it('are refused one by one with line, record, column and code', async () => {
    const results = await check('recipients-with-faults.csv')
    const faults = results.flatMap(({ result }) => ('fault' in result ? [result.fault] : []))
    expect(results).toHaveLength(101)
    expect(faults.map(({ column, code }) => [column, code])).toEqual([
      ['name', 'required'],
      ['email', 'required'],
      ['email', 'email-invalid'],
      ['completed_on', 'date-invalid'],
      ['name', 'line-break'],
      ['name', 'control-character'],
      ['name', 'too-long'],
      ['email', 'email-several'],
      ['completed_on', 'date-too-far-ahead'],
      ['course', 'record-short'],
    ])
    // The record behind the one with a line break in it starts two lines further down.
    const broken = faults.find(({ code }) => code === 'line-break')
    const next = results.find(({ row }) => row.record === (broken?.record ?? 0) + 1)
    expect(next?.row.line).toBe((broken?.line ?? 0) + 2)
    expect(faults[0]).toMatchObject({ line: 7, record: 6 })
  })
})
