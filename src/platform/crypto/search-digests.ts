import type { OrganizationId } from '../organization-id.ts'
import type { KeyRing } from './key-ring-types.ts'

/**
 * Search over sealed names and addresses: what is stored beside a row are digests, keyed per organization, of its words
 * and of their prefixes of three letters or more. A search digests its own words and asks for rows that have all of them.
 * What that leaks to a thief of the database alone: which rows share words, never a word (see SECURITY.md).
 */
const shortestPrefix = 3
const longestPrefix = 24
const longestWord = 100
/** 132 bits of base64url. */
const digestLength = 22
const purpose = 'search'

/**
 * The digests to store for a person's texts: of a name its words, of an e-mail address the whole and the words in it.
 * The organization's key must be loaded.
 */
export const searchDigests = (keys: KeyRing, organizationId: OrganizationId, texts: readonly string[]): string[] =>
  digests(keys, organizationId, texts.flatMap(textTokens))

const textTokens = (text: string): string[] =>
  text.includes('@')
    ? [normalizeEmail(text), ...indexTokens(searchWords(text, { joined: false }))]
    : indexTokens(searchWords(text, { joined: true }))

/**
 * The digests that a row must have, all of them, to match what somebody typed: a whole address, or words of which each is a
 * whole word or a beginning. None at all: the query has no word, and matches nothing.
 */
export function queryDigests(keys: KeyRing, organizationId: OrganizationId, query: string): string[] {
  const isAddress = /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(query.trim())
  return digests(keys, organizationId, isAddress ? [normalizeEmail(query)] : searchWords(query, { joined: false }))
}

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

function indexTokens(words: readonly string[]): string[] {
  return words.flatMap((word) => {
    const letters = [...word]
    const tokens = [word]
    for (let length = shortestPrefix; length < Math.min(letters.length, longestPrefix + 1); length++) {
      tokens.push(letters.slice(0, length).join(''))
    }
    return tokens
  })
}

const digests = (keys: KeyRing, organizationId: OrganizationId, tokens: readonly string[]): string[] =>
  [...new Set(tokens)].map((token) => keys.digest(organizationId, purpose, token).slice(0, digestLength))
