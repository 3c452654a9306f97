import { and, eq, inArray } from 'drizzle-orm'
import { setImmediate as turn } from 'node:timers/promises'
import type { OrganizationId } from '#platform/organization-id.ts'
import type { Acceptance } from '../credential/accept.ts'
import type { Claim } from '../credential/claim-rules.ts'
import type { IssuanceContext } from '../issuance-context.ts'
import type { Template } from '../template/templates.ts'
import { matchColumns } from './column-rules.ts'
import { UnreadableFile } from './csv-file.ts'
import { type ChosenColumns, columnsTaken, readRecords } from './file-records.ts'
import { checkRow, duplicateFault, type RowContext, type RowFault } from './row-rules.ts'
import type { ArrivingFile } from './upload.ts'

/** What would happen to one record. */
export interface Example extends Partial<Claim> {
  readonly line: number
  readonly outcome: 'new' | 'existing'
}

export interface DryRun {
  readonly rows: number
  readonly created: number
  readonly existing: number
  readonly refused: number
  /** The heading that each field is read from. */
  readonly columns: Readonly<Record<string, string>>
  /** Headings that nothing is read from. */
  readonly unused: readonly string[]
  /** The first of them. */
  readonly errors: readonly RowFault[]
  /** The first records that would be issued, as they would be. */
  readonly examples: readonly Example[]
  /** Why the file cannot be read to its end. */
  readonly failure: string | null
}

const CHUNK = 200
const ERRORS = 100
const EXAMPLES = 5

export interface DryRunOptions {
  readonly organizationId: OrganizationId
  readonly template: Template
  readonly achievement: string | undefined
  readonly defaultLocale: string
  readonly chosen: ChosenColumns
}

/** 52 bits of a digest. */
function shortOf(digest: string): number {
  const bytes = Buffer.from(digest, 'base64url')
  return bytes.readUIntBE(0, 6) * 16 + (bytes.readUInt8(6) & 15)
}

/**
 * Reads a file as the import would, and says what would come of it: nothing is written, no file, no recipient, no key.
 * Of what it read it remembers one number for each credential, 52 bits of its business key: two of a million people meet in
 * one by a chance of one in ten thousand, and then a record is counted as a duplicate that is none.
 */
export async function dryRun(
  { database, keys, now }: IssuanceContext,
  acceptance: Pick<Acceptance, 'businessKey'>,
  file: ArrivingFile,
  { organizationId, template, achievement, defaultLocale, chosen }: DryRunOptions,
): Promise<DryRun> {
  const { columns, unused } = matchColumns(file.header, chosen)
  const rowContext: RowContext = { header: file.header, columns, achievement, defaultLocale, today: now() }
  const counts = { rows: 0, created: 0, existing: 0, refused: 0 }
  const errors: RowFault[] = []
  const examples: Example[] = []
  const seen = new Set<number>()
  let chunk: { line: number; claim: Claim; key: string }[] = []
  let failure: string | null = null

  const refuse = (fault: RowFault): void => {
    counts.refused++
    if (errors.length < ERRORS) errors.push(fault)
  }
  const flush = async (): Promise<void> => {
    const there = await existingKeys(chunk.map(({ key }) => key))
    for (const { line, claim, key } of chunk) {
      const isThere = there.has(key)
      counts[isThere ? 'existing' : 'created']++
      if (examples.length < EXAMPLES) examples.push({ line, outcome: isThere ? 'existing' : 'new', ...claim })
    }
    chunk = []
    await keys.load([organizationId])
    // On SQLite nothing here waits for anything, and others want to be served.
    await turn()
  }
  const existingKeys = async (businessKeys: readonly string[]): Promise<ReadonlySet<string>> => {
    const { credentials } = database.tables
    if (businessKeys.length === 0) return new Set()
    const rows = await database.read
      .select({ key: credentials.businessKey })
      .from(credentials)
      .where(and(eq(credentials.organizationId, organizationId), inArray(credentials.businessKey, [...businessKeys])))
    return new Set(rows.map(({ key }) => key))
  }

  await keys.load([organizationId])
  try {
    for await (const row of readRecords(file.format, file.pieces, chosen)) {
      if (row.record === 0) continue
      counts.rows++
      const result = checkRow(row, rowContext)
      if ('fault' in result) refuse(result.fault)
      else {
        const key = acceptance.businessKey(organizationId, template, result.claim)
        const short = shortOf(key)
        const column = columns[result.claim.externalId === undefined ? 'email' : 'externalId']
        if (seen.has(short)) refuse(duplicateFault(row, column === undefined ? null : (file.header[column] ?? null)).fault)
        else chunk.push({ line: row.line, claim: result.claim, key })
        seen.add(short)
      }
      if (chunk.length === CHUNK || counts.rows % (CHUNK * 5) === 0) await flush()
    }
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error
    failure = `Line ${error.line}: ${error.message}`
  }
  await flush()
  return { ...counts, columns: columnsTaken(file.header, chosen), unused, errors, examples, failure }
}
