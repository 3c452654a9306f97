import { envelopeBeginning, sealedSubject } from '../crypto/envelope.ts'
import type { KeyRing, SealPlace } from '../crypto/key-ring-types.ts'
import { type FoundRow, replaceValues, rowsBeginning, type SealedColumn } from '../database/sealed-columns.ts'
import type { PlatformDatabase } from '../database/transaction.ts'
import { installation, OrganizationId } from '../organization-id.ts'
import type { RotatedSubject } from './data-keys-rotated.ts'

/** How every envelope begins that an older version of these keys sealed, and no other. */
export const beginningsBefore = (subjects: readonly RotatedSubject[]): Uint8Array[] =>
  subjects.flatMap(({ subject, version }) =>
    Array.from({ length: version - 1 }, (_, at) => envelopeBeginning({ subject, keyVersion: at + 1 })))

const atOnce = 100

/**
 * Seals anew what begins like one of these, at most a hundred values in a commit. A value that somebody changes meanwhile is left
 * to them.
 * @param options `load` loads the keys, before each page; `turn` is awaited before that
 * @throws what does not open at its place: it was moved, or is sealed for another place than the rule of `SealPlace`
 */
export async function resealColumn(
  database: PlatformDatabase, where: SealedColumn, beginnings: readonly Uint8Array[],
  { keys, load, turn }: { keys: KeyRing; load: () => Promise<void>; turn: () => Promise<void> },
): Promise<number> {
  let done = 0
  let last: FoundRow | undefined
  for (;;) {
    await turn()
    await load()
    const rows = await rowsBeginning(database, where, beginnings, { last, limit: atOnce })
    if (rows.length === 0) return done
    last = rows.at(-1)
    done += await replaceValues(database, where, rows.map((row) => {
      const from = row[where.column] as Uint8Array
      const { subject } = sealedSubject(from)
      const place = placeOf(where, row, subject)
      return { row, from, to: keys.seal(subject, place, keys.open(place, from)) }
    }))
  }
}

/** What is the installation's is sealed for the installation, in whosever row it is. */
const placeOf = ({ table, column, key, hasOrganization }: SealedColumn, row: FoundRow, subject: string): SealPlace => ({
  organizationId: OrganizationId.parse(hasOrganization && subject !== installation ? row.organization_id : subject),
  table,
  column,
  row: key.filter((name) => name !== 'organization_id' || key.length === 1).map((name) => String(row[name])).join('/'),
})
