import { describe, expect, it } from 'vitest'
import { ndjsonHeader, readNdjson } from './ndjson-file.ts'

async function* pieces(text: string, size: number) {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(text: string, size = 5, chosen = {}) {
  const records = []
  for await (const record of readNdjson(pieces(text, size), ndjsonHeader(chosen))) records.push(record)
  return records.slice(1)
}

describe('reading lines of JSON', () => {
  it('gives every object its line, whatever the pieces and line ends', async () => {
    for (const end of ['\n', '\r\n'])
      for (const size of [1, 2, 3, 7, 1_000]) {
        const records = await read(['\ufeff{"name":"نوف"}', '', '{"email":"a@b"}', '{', '{"name":"C"}'].join(end), size)
        expect(records.map(({ line, record, cells, fault }) => [line, record, cells[0], fault?.code])).toEqual([
          [1, 1, 'نوف', undefined], [3, 2, '', undefined], [4, 3, undefined, 'json-invalid'], [5, 4, 'C', undefined],
        ])
      }
  })

  it('reads a field from the key that was chosen for it', async () => {
    const [one, other] = await read('{"who":"Ada"}\n{"name":"Ada"}', 1_000, { name: 'who' })
    expect(one?.cells[0]).toBe('Ada')
    expect(other?.fault?.code).toBe('field-unknown')
  })

  it('takes whole numbers as text and nothing else, and never repeats what it refuses', async () => {
    const records = await read('{"externalId":17}\n{"externalId":1.5}\n{"name":{}}\n{"Secret Person":1}\n{"__proto__":"x"}\n"Secret"\n')
    expect(records.map(({ fault }) => fault?.code)).toEqual([undefined, 'not-text', 'not-text', 'field-unknown', 'field-unknown', 'json-invalid'])
    expect(records[0]?.cells).toContain('17')
    expect(JSON.stringify(records.map(({ fault }) => fault))).not.toContain('Secret')
  })

  it('refuses a line without end alone, and holds none of it', async () => {
    const long = `{"name":"${'x'.repeat(1_100_000)}"}`
    const records = await read(`{"name":"A"}\n${long}\n{"name":"B"}\n`, 65_536)
    expect(records.map(({ line, fault }) => [line, fault?.code])).toEqual([[1, undefined], [2, 'record-too-large'], [3, undefined]])
  })
})
