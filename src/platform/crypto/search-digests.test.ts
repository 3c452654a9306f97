import { beforeAll, describe, expect, it } from 'vitest'
import type { OrganizationId } from '../organization-id.ts'
import { createKeyRing } from './key-ring.ts'
import { type IndexedWords, normalizeEmail, queryDigests, searchDigests, searchWords } from './search-digests.ts'

const ours = 'ours' as OrganizationId
const theirs = 'theirs' as OrganizationId
const keys = createKeyRing({
  fetchKeys: async (subjects) =>
    subjects.map((subject) => ({
      subject,
      version: 1,
      key: Buffer.alloc(32, subject).toString('base64'),
      erased: false,
    })),
})
beforeAll(() => keys.load([ours, theirs]))

const finds = (query: string, stored: IndexedWords[], organizationId = ours): boolean => {
  const wanted = queryDigests(keys, organizationId, query)
  return wanted.length > 0 && wanted.every((word) =>
    stored.some(({ start, rest }) => start === word.start && (word.rest === undefined || rest.includes(word.rest))))
}

describe('search in sealed names', () => {
  it.each([
    ['Anna Lindqvist', 'anna'],
    ['Anna Lindqvist', 'LINDQVIST Anna'],
    ['Anna Lindqvist', 'lin'],
    ['Anna Lindqvist', 'an lind', false],
    ['Anna Lindqvist', 'nna', false],
    ['Anna Lindqvist', 'li', false],
    ['Anna Lindqvist', 'anna berg', false],
    ['Anna Lindqvist', ' -- ', false],
    ['Li Wu', 'li'],
    ['李 明', '李'],
    ['李小明', '李小明'],
    ['Zoë Müller-Straße', 'zoe strasse'],
    ['Zoe Muller', 'Zoë'],
    ['Seán O’Brien', 'obrien'],
    ['Seán O’Brien', "O'Brien"],
    ['Jean-Luc Picard', 'jeanluc'],
    ['Ｆｕｌｌ Ｗｉｄｔｈ', 'full wid'],
    ['İpek Işık', 'ipek isik'],
    ['ΝΙΚΟΛΑΟΣ Παπαδόπουλος', 'νικόλαος παπαδοπουλοσ'],
    ['مُحَمَّد', 'محمد'],
    ['שָׁלוֹם', 'שלום'],
    ['कृतिका', 'कृति'],
    ['कातिक', 'कृति', false],
    ['がぎ', 'かき', false],
    ['김민준', '김민준'],
    ['Ørsted', 'ørs'],
    ['Wolfeschlegelsteinhausenbergerdorff', 'Wolfeschlegelsteinhausenbergerdorff'],
  ])('in %s, %s is found: %s', (name, query, found = true) => {
    expect(finds(query, searchDigests(keys, ours, [name]))).toBe(found)
  })

  it('finds no address by its beginning across the sign', () => {
    expect(finds('al@ex', searchDigests(keys, ours, ['al@example.org']))).toBe(false)
  })

  it('finds an address as a whole and by its words', () => {
    const stored = searchDigests(keys, ours, ['Anna.Lindqvist+work@Example.org'])
    expect(finds(' anna.lindqvist+work@example.org', stored)).toBe(true)
    expect(finds('lindq example', stored)).toBe(true)
    expect(finds('anna@example.org', stored)).toBe(false)
    expect(finds('anna.lindqvist@example.org', stored)).toBe(false)
  })

  it('has nothing in common between two organizations', () => {
    const stored = searchDigests(keys, ours, ['Anna Lindqvist'])
    expect(finds('anna', stored, theirs)).toBe(false)
    const parts = (words: IndexedWords[]) => new Set(words.flatMap(({ start, rest }) => [start, ...(rest.match(/.{11}/g) ?? [])]))
    expect(parts(stored).isDisjointFrom(parts(searchDigests(keys, theirs, ['Anna Lindqvist'])))).toBe(true)
  })

  it('stores short digests, each once, and no word', () => {
    const stored = searchDigests(keys, ours, ['Anna Anna'])
    expect(stored).toHaveLength(1)
    expect(stored[0]!.start).toMatch(/^[\w-]{22}$/)
    expect(stored[0]!.rest).toMatch(/^[\w-]{11}$/)
  })

  it('stores the same for the same words in whatever order', () => {
    const sorted = (texts: string[]) => searchDigests(keys, ours, texts).sort((a, b) => (a.start < b.start ? -1 : 1))
    expect(sorted(['Annabel Anna', 'Lin'])).toEqual(sorted(['Lin', 'Anna Annabel']))
  })
})

it('normalizes an address without guessing what its server would', () => {
  expect(normalizeEmail(' Anna.B+x@EXAMPLE.org ')).toBe('anna.b+x@example.org')
})

it('bounds a word that never ends', () => {
  expect(searchWords('a'.repeat(10_000), { joined: true })).toEqual(['a'.repeat(100)])
})
