import { problemOfResponse } from '../cli/command.ts'
import { Problem } from '../problem.ts'
import { type BackupFolder, createBackupFolder, verifyFolder } from './backup-folder.ts'
import { type BackupPart, backupPath } from './backup-routes.ts'
import type { CopiedFile, Manifest } from './manifest.ts'

export interface BackupOptions {
  /** In the order of `backupOrder`. */
  readonly modules: readonly { readonly module: string; /** Data keys. */ readonly keeps: boolean }[]
  /** GET on the internal listener of a module. */
  readonly fetch: (module: string, path: string) => Promise<Response>
  /** A folder that is not there yet; undefined: the data keys alone. */
  readonly target: string | undefined
  /** Where the data keys go, apart. */
  readonly keysTarget: string
  readonly about: Pick<Manifest, 'version' | 'publicUrl' | 'keyCheck'>
  /** Reads everything again at the end. */
  readonly verify: boolean
  /** Told of each part that is begun, and of the bytes in between. */
  readonly onProgress: (what: { part: string; bytes: number }) => void
}

/**
 * Copies modules that go on working: files first, then the databases, whoever hears before who publishes, then the data keys,
 * then what the world has seen meanwhile, and the files that came meanwhile. Everything that was acknowledged before it began is
 * in it. Nothing has its name before it is whole.
 * @returns the manifest of the data, or of the keys where they were copied alone
 */
export async function backUp(options: BackupOptions): Promise<Manifest> {
  const { modules, about, onProgress } = options
  const keysFolder = await createBackupFolder(options.keysTarget)
  let folder: BackupFolder | undefined
  try {
    folder = options.target === undefined ? undefined : await createBackupFolder(options.target)
    const begunAt = new Date()
    const data = new Map<string, CopiedFile[]>(modules.map(({ module }) => [module, []]))
    const keys = new Map<string, CopiedFile[]>()
    /** When its files were listed, by the clock of its process. */
    const listedAt = new Map<string, string>()
    const taken = new Map<string, { takenAt: string; migrations: string[] }>()

    const copy = async (to: BackupFolder, module: string, part: BackupPart, name: string, since?: string): Promise<CopiedFile> => {
      const query = since === undefined ? '' : `?since=${encodeURIComponent(since)}`
      const response = await options.fetch(module, backupPath(module, part) + query)
      if (!response.ok || !response.body) throw await problemOfResponse(response)
      onProgress({ part: name, bytes: 0 })
      const head = headOf(response.body as AsyncIterable<Uint8Array>)
      const file = await to.write(name, head.content, (bytes) => onProgress({ part: name, bytes }))
      const { takenAt, migrations, begunAt: listed } = head.told()
      if (typeof listed === 'string' && !listedAt.has(module)) listedAt.set(module, listed)
      if (typeof takenAt === 'string' && part !== 'late') taken.set(module, { takenAt, migrations: migrations as string[] })
      return { part, ...file }
    }

    if (folder) {
      for (const { module } of modules) data.get(module)!.push(await copy(folder, module, 'blobs', `${module}.blobs`))
      for (const { module } of modules) data.get(module)!.push(await copy(folder, module, 'rows', `${module}.rows.jsonl`))
    }
    for (const { module, keeps } of modules)
      if (keeps) keys.set(module, [await copy(keysFolder, module, 'keys', `${module}.keys.jsonl`)])
    if (folder) {
      for (const { module } of modules)
        data.get(module)!.push(await copy(folder, module, 'late', `${module}.late.jsonl`, taken.get(module)!.takenAt))
      for (const { module } of modules)
        data.get(module)!.push(await copy(folder, module, 'blobs', `${module}.new-blobs`, listedAt.get(module)))
    }

    const manifest = (vellum: Manifest['vellum'], files: ReadonlyMap<string, CopiedFile[]>): Manifest => ({
      vellum,
      format: 1,
      ...about,
      begunAt: begunAt.toISOString(),
      endedAt: new Date().toISOString(),
      modules: [...files].map(([module, of]) => ({ module, ...taken.get(module)!, files: of })),
    })
    const [ofKeys, ofData] = [manifest('keys', keys), manifest('backup', data)]
    // The keys first: data that cannot be opened are no backup.
    await keysFolder.finish(ofKeys)
    await folder?.finish(ofData)
    if (options.verify) {
      const bytes = (part: string) => (bytes: number) => onProgress({ part, bytes })
      await verifyFolder(keysFolder.path, ofKeys, bytes('reading it again'))
      if (folder) await verifyFolder(folder.path, ofData, bytes('reading it again'))
    }
    return folder ? ofData : ofKeys
  } catch (error) {
    await keysFolder.abandon()
    await folder?.abandon()
    throw told(error)
  }
}

/** Lets everything through, and tells afterwards what the first line says. */
function headOf(content: AsyncIterable<Uint8Array>) {
  let first = Buffer.alloc(0)
  let whole = false
  return {
    content: (async function* () {
      for await (const chunk of content) {
        if (!whole) {
          first = Buffer.concat([first, chunk])
          whole = first.includes(10)
        }
        yield chunk
      }
    })(),
    told: (): Record<string, unknown> => JSON.parse(first.subarray(0, Math.max(first.indexOf(10), 0)).toString() || '{}') as Record<string, unknown>,
  }
}

function told(error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC') return new Error('There is no space left for the backup; what there was of it is removed. Make room, and begin anew.')
  if (error instanceof TypeError && /terminated|fetch failed/.test(error.message)) return new Problem('unavailable', 'The process broke off the copy; see its log, and begin the backup anew.', { cause: error })
  return error
}
