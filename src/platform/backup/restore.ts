import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { type Assets, ownAssets } from '../assets.ts'
import { openFiles } from '../blobs/open-files.ts'
import { auditHook } from '../audit/audit.ts'
import { noteRestoration } from '../audit/chain-heads.ts'
import type { Settings } from '../config.ts'
import { withContext } from '../context.ts'
import { lockDataDirectory } from '../database/data-directory-lock.ts'
import { dropDatabase, hasDatabase } from '../database/emptiness.ts'
import { dialectOf, openDatabase, sqliteFolder } from '../database/open.ts'
import type { AnyModule } from '../module.ts'
import { verifyFolder } from './backup-folder.ts'
import { loadBlobs, loadRows, type LoadTarget, openRowsFile, prepareTables } from './load-module.ts'
import { type CopiedFile, type Manifest, readManifest } from './manifest.ts'
import { missingEvents } from './missing-events.ts'
import { endRestoring, isRestoring, markRestoring } from './restoring.ts'

export interface RestoreOptions {
  readonly source: string
  readonly keysSource: string
  readonly settings: Pick<Settings, 'DATA_DIR' | 'DATABASE_URL' | 'PUBLIC_URL' | 'S3_URL' | 'BLOBS_DIR'>
  /** Every module of the program; those of `hosted` are restored. */
  readonly definitions: Readonly<Record<string, AnyModule>>
  readonly hosted: readonly string[]
  /** Refuses a master key that does not fit; called before anything is written. */
  readonly checkMasterKey: (keyCheck: string | undefined) => void
  readonly assets?: Assets
  readonly onProgress: (what: { part: string; bytes: number }) => void
}

export interface Restored {
  readonly rows: number
  readonly blobs: number
  readonly endedAt: string
}

/**
 * Fills an empty installation from a backup of data and one of data keys, which may be newer: who was erased in between stays
 * erased. Every checksum is compared before anything is written. Broken off, it begins anew the next time.
 * @throws one sentence when the installation is not empty, or the backup is not whole, or of another address
 */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const { source, keysSource, settings, hosted, definitions, onProgress } = options
  const manifest = await readManifest(source, 'backup')
  const keysManifest = await readManifest(keysSource, 'keys')
  if (manifest.publicUrl !== settings.PUBLIC_URL)
    throw new Error(`The backup is of ${manifest.publicUrl}, which stands in its credentials; set PUBLIC_URL to that.`)
  const lacking = hosted.filter((name) => !manifest.modules.some(({ module }) => module === name))
  if (lacking.length > 0) throw new Error(`The backup holds nothing of ${lacking.join(', ')}; set MODULES to what is to be restored.`)
  options.checkMasterKey(keysManifest.keyCheck ?? manifest.keyCheck)
  const compared = (bytes: number) => onProgress({ part: 'comparing checksums', bytes })
  await verifyFolder(keysSource, keysManifest, compared)
  await verifyFolder(source, manifest, compared)

  const { DATA_DIR: dataDir, DATABASE_URL: url } = settings
  const lock = dialectOf(url) === 'sqlite' ? lockDataDirectory(sqliteFolder(url)) : undefined
  try {
    if (isRestoring(dataDir)) for (const name of hosted) await dropDatabase(name, url)
    for (const name of hosted)
      if (await hasDatabase(name, url))
        throw new Error(`There is a database of ${name} already: a restore fills an empty installation, and changes none.`)
    markRestoring(dataDir)
    let [rows, blobs] = [0, 0]
    for (const name of hosted) {
      const loaded = await restoreModule(name, targetOf(options, name), { options, manifest, keysManifest })
      rows += loaded.rows
      blobs += loaded.blobs
    }
    endRestoring(dataDir)
    return { rows, blobs, endedAt: manifest.endedAt }
  } finally {
    lock?.release()
  }

  function targetOf({ assets = ownAssets }: RestoreOptions, name: string): LoadTarget {
    return {
      schema: definitions[name]!.schema,
      url,
      migrations: assets.migrations(name, dialectOf(url)),
      files: openFiles(settings, name),
    }
  }
}

async function restoreModule(
  name: string,
  target: LoadTarget,
  { options, manifest, keysManifest }: { options: RestoreOptions; manifest: Manifest; keysManifest: Manifest },
): Promise<{ rows: number; blobs: number }> {
  const { source, keysSource, definitions, onProgress } = options
  const copied = manifest.modules.find(({ module }) => module === name)!
  const keys = keysManifest.modules.find(({ module }) => module === name)
  if ((definitions[name]!.keyTables ?? []).length > 0 && !keys)
    throw new Error(`The backup of data keys in ${keysSource} holds nothing of ${name}.`)
  onProgress({ part: name, bytes: 0 })
  await prepareTables(target, copied.migrations)
  const named = (part: CopiedFile['part']) => copied.files.filter((file) => file.part === part)
  const files = [
    ...(keys?.files ?? []).map((file) => [keysSource, file.name] as const),
    ...[...named('rows'), ...named('late')].map((file) => [source, file.name] as const),
  ]
  const hears = Object.fromEntries(Object.entries(definitions).map(([subscriber, { subscribes }]) => [subscriber, subscribes[name] ?? []]))
  const isMissing = await missingEvents(source, manifest, name, hears)
  let rows = 0
  for (const [folder, file] of files) {
    rows += await loadRows(target, [await openRowsFile(folder, file)], isMissing)
    onProgress({ part: name, bytes: 0 })
  }
  await noteRestored(name, target, { backupOf: copied.takenAt })
  let blobs = 0
  for (const file of named('blobs')) blobs += await loadBlobs(target.files, createReadStream(join(source, file.name)))
  return { rows, blobs }
}

const unused = (): Promise<never> => Promise.reject(new Error('A restore audits, and does nothing else.'))

/** The witnesses of the module's audit may hold later ends of its chains: by this entry they give way, and tell of it. */
async function noteRestored(name: string, { schema, url }: LoadTarget, details: Readonly<Record<string, string>>): Promise<void> {
  const database = await openDatabase({ schema, url, hooks: { publish: unused, addStep: unused, steerSteps: unused, audit: auditHook(name) } })
  await withContext({ actor: 'cli' }, () => noteRestoration(database, details)).finally(() => database.close())
}
