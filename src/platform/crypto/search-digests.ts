import type { OrganizationId } from '../organization-id.ts'
import type { KeyRing } from './key-ring-types.ts'

/**
 * Search over sealed names and addresses: what is stored beside a row are digests, keyed per organization, of its words
 * and of their beginnings of three letters or more. A search digests its own words and asks for rows that have all of them.
 * What that leaks to a thief of the database alone: which rows share words, never a word (see SECURITY.md).
 */
const shortestBeginning = 3
const longestBeginning = 24
const longestWord = 100
/** 132 bits of base64url. */
const startLength = 22
/** 66 bits: compared only among the few of one start. */
const restLength = 11
const purpose = 'search'

/** The words of a person that begin with the same three letters, or are one shorter word. */
export interface IndexedWords {
  /** Digest of these letters. */
  readonly start: string
  /** Digests of the words and of their longer beginnings, in one order, one behind the other. */
  readonly rest: string
}

/** A word of a query stands for who has `start` and in its `rest` this; undefined: `start` is the whole word. */
export interface WantedWord {
  readonly start: string
  readonly rest: string | undefined
  /** Digest of the whole word, as `start` of what was indexed before decision 0230. */
  readonly formerly: string
}

/**
 * What to store for a person's texts: of a name its words, of an e-mail address the whole and the words in it.
 * The organization's key must be loaded.
 */
export function searchDigests(keys: KeyRing, organizationId: OrganizationId, texts: readonly string[]): IndexedWords[] {
  const { startOf, restOf } = digestsOf(keys, organizationId)
  const byStart = Map.groupBy(new Set(texts.flatMap(indexedWords)), firstLetters)
  return [...byStart].map(([letters, words]) => ({
    start: startOf(letters),
    rest: [...new Set(words.flatMap(longerBeginnings))].map(restOf).sort().join(''),
  }))
}

const indexedWords = (text: string): string[] =>
  text.includes('@')
    ? [normalizeEmail(text), ...searchWords(text, { joined: false })]
    : searchWords(text, { joined: true })

/**
 * What a row must have, all of it, to match what somebody typed: a whole address, or words of which each is a
 * whole word or a beginning. None at all: the query has no word, and matches nothing.
 */
export function queryDigests(keys: KeyRing, organizationId: OrganizationId, query: string): WantedWord[] {
  const { startOf, restOf } = digestsOf(keys, organizationId)
  const words = isAddress(query.trim()) ? [normalizeEmail(query)] : searchWords(query, { joined: false })
  return words.map((word) => ({
    start: startOf(firstLetters(word)),
    rest: firstLetters(word) === word ? undefined : restOf(word),
    formerly: startOf(word),
  }))
}

const isAddress = (text: string): boolean => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)

/**
 * The form in which two spellings of one address are equal: no surrounding space, NFKC, lower case. Tags and dots stay,
 * because only the receiving server knows what they mean.
 */
export const normalizeEmail = (email: string): string => email.trim().normalize('NFKC').toLowerCase()

/**
 * The words of a text in the form in which they are compared: compatibility forms, case and accents do not count, vowel
 * signs that spell a word do (so that Devanagari or Thai words stay apart). `joined` adds "obrien" for O'Brien.
 */
export function searchWords(text: string, { joined }: { joined: boolean }): string[] {
  const folded = foldText(text)
  const words: string[] = folded.match(/[\p{L}\p{N}\p{M}]+/gu) ?? []
  if (joined) {
    for (const compound of folded.match(/[\p{L}\p{N}\p{M}]+(?:['’ʼ.-][\p{L}\p{N}\p{M}]+)+/gu) ?? []) {
      words.push(compound.replaceAll(/['’ʼ.-]/g, ''))
    }
  }
  return [...new Set(words.map((word) => [...word].slice(0, longestWord).join('')))]
}

/** Accents of Latin, Greek and Cyrillic, Arabic and Hebrew points; not the kana marks, which make another letter. */
const marks = /[[\p{Script=Inherited}&&\p{Mn}]--[\u3099\u309a]]|[\p{Script=Hebrew}&&\p{Mn}]/gv

const foldText = (text: string): string =>
  text
    .normalize('NFKC')
    // Upper case first: ß becomes SS, and so ss; a final sigma is an ordinary one.
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .normalize('NFKD')
    .replace(marks, '')
    .normalize('NFC')

const firstLetters = (word: string): string => [...word].slice(0, shortestBeginning).join('')

/** The word and its beginnings, from one letter more than the first ones; none of a word that is no longer than these. An address has no beginnings. */
function longerBeginnings(word: string): string[] {
  const letters = [...word]
  if (letters.length <= shortestBeginning) return []
  const beginnings = [word]
  if (isAddress(word)) return beginnings
  for (let length = shortestBeginning + 1; length < Math.min(letters.length, longestBeginning + 1); length++) {
    beginnings.push(letters.slice(0, length).join(''))
  }
  return beginnings
}

const digestsOf = (keys: KeyRing, organizationId: OrganizationId) => ({
  startOf: (text: string) => keys.digest(organizationId, purpose, text).slice(0, startLength),
  restOf: (text: string) => keys.digest(organizationId, purpose, text).slice(0, restLength),
})
