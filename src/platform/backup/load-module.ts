import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { auditGuardStatements } from '../audit/audit.ts'
import { type SealedFiles, segments } from '../blobs/sealed-blobs.ts'
import type { Migration } from '../database/migration.ts'
import { type DatabaseUrl, migrateDatabase } from '../database/open.ts'
import type { Schema } from '../database/schema.ts'
import { openLoader } from '../database/snapshot.ts'
import { readBlobs } from './blobs-file.ts'
import { type IsMissing, unrelayed } from './missing-events.ts'
import { type RowsFile, readRows } from './rows-file.ts'

/** Where a module is loaded to. */
export interface LoadTarget {
  readonly schema: Schema
  readonly url: DatabaseUrl
  /** Of this dialect. */
  readonly migrations: readonly Migration[]
  readonly files: SealedFiles
}

/**
 * Makes the module's database as it was when it was copied, with the migrations of that time; those that came since run at the
 * next start.
 * @throws one sentence when the copy is of a newer version
 */
export async function prepareTables({ schema, url, migrations }: LoadTarget, applied: readonly string[]): Promise<void> {
  const then = migrations.filter(({ name }) => applied.includes(name))
  if (then.length < applied.length)
    throw new Error(`The copy of ${schema.module} was made by a newer version of Vellum; restore it with that version.`)
  await migrateDatabase({ schema, url, migrations: then, guards: auditGuardStatements })
}

/** Puts the rows of some files into tables that are empty. @returns how many */
export async function loadRows({ schema, url }: LoadTarget, files: readonly RowsFile[], isMissing: IsMissing): Promise<number> {
  const loader = await openLoader(schema.module, url)
  let loaded = 0
  try {
    for (const file of files)
      for await (const { shape, rows } of file.tables()) {
        await loader.insert(shape, unrelayed(shape, rows, isMissing))
        loaded += rows.length
      }
    await loader.finish()
  } finally {
    await loader.close()
  }
  return loaded
}

export const openRowsFile = (folder: string, name: string): Promise<RowsFile> => readRows(createReadStream(join(folder, name)))

const writtenAtOnce = 16

/** @returns how many */
export async function loadBlobs(files: SealedFiles, source: AsyncIterable<Uint8Array>): Promise<number> {
  let loaded = 0
  const writing: Promise<void>[] = []
  const written = async () => {
    const settled = await Promise.allSettled(writing.splice(0))
    for (const outcome of settled) if (outcome.status === 'rejected') throw outcome.reason
  }
  try {
    for await (const { name, content } of readBlobs(source)) {
      writing.push(files.put(segments(name).join('/'), content))
      loaded++
      if (writing.length >= writtenAtOnce) await written()
    }
  } finally {
    // Also when the source broke off: what is under way ends before anybody clears up.
    await written()
  }
  return loaded
}
