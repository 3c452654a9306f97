import type { ClaimField } from '../credential/claim-rules.ts'

/**
 * Which column of a file holds what. Guessed from the header's words; what the client says explicitly wins.
 */

export type ColumnMap = Readonly<Partial<Record<ClaimField, number>>>

// Each name as it may stand in a header once case, spaces and punctuation are gone.
const names: Readonly<Record<ClaimField, readonly string[]>> = {
  name: ['name', 'fullname', 'recipient', 'recipientname', 'student', 'studentname', 'learner', 'displayname', 'nom', 'nombre', 'nome'],
  email: ['email', 'emailaddress', 'mail', 'recipientemail', 'correo', 'courriel'],
  achievement: ['achievement', 'course', 'coursename', 'coursetitle', 'title', 'badge', 'program', 'programme', 'kurs', 'curso', 'cours'],
  completedOn: ['completedon', 'completed', 'completiondate', 'completedat', 'date', 'datum', 'fecha', 'finishedon'],
  externalId: ['externalid', 'id', 'studentid', 'recipientid', 'reference', 'matriculationnumber', 'employeeid'],
  occurrence: ['occurrence', 'term', 'semester', 'run', 'cohort'],
  locale: ['locale', 'language', 'lang', 'sprache', 'idioma', 'langue'],
}

/** What a record may say, in the order in which forms and answers list it. */
export const claimFields = Object.keys(names) as readonly ClaimField[]
const bare = (header: string): string => header.normalize('NFKC').toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')

/** The columns without which no credential can be made. */
export const requiredFields: readonly ClaimField[] = ['name', 'email']

/**
 * Matches a header to fields. `chosen` names a header for a field and wins over guesses.
 * `missing` lists required fields and chosen headers that the file does not have; `unused` the headings that nothing takes.
 */
export function matchColumns(
  header: readonly string[],
  chosen: Readonly<Partial<Record<ClaimField, string>>> = {},
): { columns: ColumnMap; missing: readonly string[]; unused: readonly string[] } {
  const bareHeader = header.map(bare)
  const taken = new Set<number>()
  const columns: Partial<Record<ClaimField, number>> = {}
  const missing: string[] = []
  for (const field of claimFields) {
    const wanted = chosen[field]
    if (wanted === undefined) continue
    const index = header.findIndex((cell) => cell.trim() === wanted.trim())
    if (index < 0) missing.push(wanted)
    else {
      columns[field] = index
      taken.add(index)
    }
  }
  for (const field of claimFields) {
    if (columns[field] !== undefined || chosen[field] !== undefined) continue
    // In the order of the synonyms, so that "name" beats "student" whichever column comes first.
    for (const name of names[field]) {
      const index = bareHeader.findIndex((cell, at) => cell === name && !taken.has(at))
      if (index < 0) continue
      columns[field] = index
      taken.add(index)
      break
    }
  }
  for (const field of requiredFields) if (columns[field] === undefined && chosen[field] === undefined) missing.push(field)
  return { columns, missing, unused: header.filter((heading, index) => !taken.has(index) && heading.trim() !== '') }
}
