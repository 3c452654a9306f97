import { describe, expect, it } from 'vitest'
import type { FileRecord } from './row-rules.ts'
import { guessDelimiter, readCsv, UnreadableFile } from './csv-file.ts'

async function* pieces(text: string, size: number) {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(text: string, size = 5): Promise<FileRecord[]> {
  const records: FileRecord[] = []
  for await (const record of readCsv(pieces(text, size))) records.push(record)
  return records
}

describe('reading a CSV file', () => {
  it('gives every record the first physical line that it stands on, whatever the line ends', async () => {
    for (const end of ['\n', '\r\n', '\r']) {
      const text = ['\ufeffname,email', `"A`, `B",x@y`, '', '', 'C,d', `"q""q",z`, `"a`, '', `b",c`, 'Short'].join(end)
      for (const size of [1, 2, 3, 7, 1_000])
        expect((await read(text, size)).map(({ line, record }) => [record, line])).toEqual([
          [0, 1], [1, 2], [2, 6], [3, 7], [4, 8], [5, 11],
        ])
    }
  })

  it('keeps quotes, commas and line breaks inside quoted cells', async () => {
    const [, row] = await read('a,b\r\n"x, ""y""\r\nz",w\r\n')
    expect(row?.cells).toEqual(['x, "y"\r\nz', 'w'])
  })

  it('takes the byte-order mark away, also when a piece ends inside it', async () => {
    expect((await read('\ufeffname\nA\n', 1))[0]?.cells).toEqual(['name'])
  })

  it('tells semicolons and tabs from the header', () => {
    expect(guessDelimiter('name;email;"a,b,c,d"')).toBe(';')
    expect(guessDelimiter('name\temail')).toBe('\t')
    expect(guessDelimiter('name')).toBe(',')
  })

  it('says where a quote opens that is never closed, after giving everything before it', async () => {
    const seen: number[] = []
    const reading = async () => {
      for await (const { record } of readCsv(pieces('a,b\n1,2\n"open,3\n4,5\n', 4))) seen.push(record)
    }
    await expect(reading()).rejects.toThrow(UnreadableFile)
    await expect(reading()).rejects.toMatchObject({ line: 3 })
    expect(seen).toEqual([0, 1, 0, 1])
  })

  it('reads an empty file as no records', async () => {
    expect(await read('')).toEqual([])
  })
})
