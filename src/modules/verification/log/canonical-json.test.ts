import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from './canonical-json.ts'

const vectors = new URL('../../../../test/vectors/jcs/testdata/', import.meta.url)
const names = readdirSync(new URL('input/', vectors))

describe('canonical JSON (RFC 8785)', () => {
  it.each(names)('writes the published vector %s byte for byte', (name) => {
    const input: unknown = JSON.parse(readFileSync(new URL(`input/${name}`, vectors), 'utf8'))
    const bytes = Buffer.from(canonicalJson(input), 'utf8')
    const expected = readFileSync(new URL(`outhex/${name.replace('.json', '.txt')}`, vectors), 'utf8')
    expect(bytes.toString('hex')).toBe(expected.replace(/\s/g, ''))
  })

  it('has all six vectors to read', () => {
    expect(names).toHaveLength(6)
  })

  const strangers = [undefined, { a: undefined }, NaN, Infinity, 1n, () => 1, new Date(0), '\ud800', { '\udc00': 1 }]
  it.each(strangers.map((value) => [value]))('refuses %s, which JSON cannot say', (value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError)
  })
})
