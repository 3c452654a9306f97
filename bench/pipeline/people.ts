import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'

export interface Person {
  readonly name: string
  readonly email: string
  readonly course: string
  readonly completedOn: string
  readonly locale: string
  readonly number: number
}

const sample: Record<string, string>[] = parse(
  readFileSync(new URL('../../test/data/recipients-1000.csv', import.meta.url)), { bom: true, columns: true })
let given = 0

/** So many of the sample's people, eleven scripts among them, with addresses that nobody had before. */
export function newPeople(count: number): Person[] {
  return Array.from({ length: count }, () => {
    const number = given++
    const row = sample[number % sample.length]!
    return {
      name: row['name']!, email: `person.${number}@example.org`, course: row['course']!, completedOn: row['completed_on']!,
      locale: row['locale']!, number,
    }
  })
}

/** As a file that `POST /v1/batches` takes. */
export const csvOf = (people: readonly Person[]): string =>
  ['name,email,course,completed_on,locale', ...people.map(({ name, email, course, completedOn, locale }) =>
    [name, email, course, completedOn, locale].map((cell) => `"${cell.replaceAll('"', '""')}"`).join(','))].join('\r\n')
