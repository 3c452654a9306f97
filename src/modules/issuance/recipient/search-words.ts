import { and, eq, exists, inArray, or, placeholder, type SQL } from 'drizzle-orm'
import type { KeyRing } from '#platform/crypto/key-ring-types.ts'
import { searchDigests, type WantedWord } from '#platform/crypto/search-digests.ts'
import type { Database, Transaction } from '#platform/database/database.ts'
import { preparedQuery } from '#platform/database/prepared.ts'
import { textIncludes } from '#platform/database/text-includes.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { IssuanceTables, PersonalData } from '../tables.ts'

const insertOf = (rows: number) =>
  preparedQuery<IssuanceTables, Record<string, string>>()((queries, { searchWords }) =>
    queries
      .insert(searchWords)
      .values(Array.from({ length: rows }, (_, at) => ({
        organizationId: placeholder('organizationId'),
        start: placeholder(`start${at}`),
        rest: placeholder(`rest${at}`),
        recipientId: placeholder('recipientId'),
      })))
      .onConflictDoNothing())

/** By how many rows they write: a person has some six. */
const inserts = new Map<number, ReturnType<typeof insertOf>>()
const ROWS_AT_MOST = 32

/** Writes down by which words a recipient can be found: keyed digests, removed when the person is erased. */
export async function writeSearchWords(
  tx: Transaction<IssuanceTables>,
  keys: KeyRing,
  organizationId: OrganizationId,
  recipientId: string,
  { name, email }: PersonalData,
): Promise<void> {
  // In one order, so that two who write the same person’s words wait for each other and do not deadlock.
  const words = searchDigests(keys, organizationId, [name, email]).sort((a, b) => (a.start < b.start ? -1 : 1))
  for (let from = 0; from < words.length; from += ROWS_AT_MOST) {
    const some = words.slice(from, from + ROWS_AT_MOST)
    let insert = inserts.get(some.length)
    if (!insert) inserts.set(some.length, (insert = insertOf(some.length)))
    const values: Record<string, string> = { organizationId, recipientId }
    some.forEach(({ start, rest }, at) => Object.assign(values, { [`start${at}`]: start, [`rest${at}`]: rest }))
    await tx.run(insert, values)
  }
}

/** So many people are looked up one by one; what stands for more is looked for in the list itself. */
const FEW = 1_000

/**
 * The condition that a credential's recipient is one for whom all of these words stand; undefined: nobody is. Where one of the words
 * stands for few people, they are looked up; else each credential is asked, newest first, until the page is full.
 */
export async function ofWhomAllStandFor(
  { read, tables }: Database<IssuanceTables>,
  organizationId: OrganizationId,
  words: readonly WantedWord[],
): Promise<SQL | undefined> {
  const { credentials, searchWords } = tables
  const people = (condition: SQL | undefined, limit: number) =>
    read.selectDistinct({ id: searchWords.recipientId }).from(searchWords).where(condition).limit(limit)
  let few: string[] | undefined
  const frequent: WantedWord[] = []
  for (const word of words) {
    const found = await people(and(standsFor(tables, organizationId, word), few && inArray(searchWords.recipientId, few)), FEW + 1)
    if (found.length === 0) return undefined
    if (found.length <= FEW) few = found.map(({ id }) => id)
    else frequent.push(word)
  }
  if (few === undefined) {
    return and(...frequent.map((word) => exists(
      read.select({ id: searchWords.recipientId }).from(searchWords)
        .where(and(standsFor(tables, organizationId, word), eq(searchWords.recipientId, credentials.recipientId))),
    )))
  }
  for (const word of frequent) {
    few = (await people(and(standsFor(tables, organizationId, word), inArray(searchWords.recipientId, few)), FEW)).map(({ id }) => id)
    if (few.length === 0) return undefined
  }
  return ofRecipients({ read, tables }, few)
}

function standsFor({ searchWords: { organizationId: owner, start, rest } }: IssuanceTables, organizationId: OrganizationId, word: WantedWord) {
  const of = (digest: string) => and(eq(owner, organizationId), eq(start, digest))
  if (word.rest === undefined) return of(word.start)
  return or(and(of(word.start), textIncludes(rest, word.rest)), of(word.formerly))
}

/** Looks each recipient up. As a plain condition SQLite would rather go through the whole list for them. */
export function ofRecipients({ read, tables: { credentials } }: Pick<Database<IssuanceTables>, 'read' | 'tables'>, recipients: readonly string[]): SQL {
  return inArray(credentials.id, read.select({ id: credentials.id }).from(credentials).where(inArray(credentials.recipientId, [...recipients])))
}
