import { randomUUID } from 'node:crypto'
import { open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { KeyRing } from '../crypto/key-ring-types.ts'
import type { Blobs } from './blobs.ts'
import { placeFile, syncFolder } from './durable-files.ts'
import { headBytes, sealedBlobs, type SealedFiles, segments } from './sealed-blobs.ts'

export interface FilesystemBlobsOptions {
  /** `{DATA_DIR}/blobs`; each module has a folder of its own in it. */
  readonly directory: string
  readonly module: string
  readonly keys: KeyRing
}

/**
 * Sealed files in a folder, modes 0600 and 0700. A file is written under a temporary name, forced to disk and renamed, and
 * so is its folder: after a crash a name holds its old content or its new one, whole.
 */
export const filesystemBlobs = ({ directory, module, keys }: FilesystemBlobsOptions): Blobs =>
  sealedBlobs({ module, keys, files: filesystemFiles({ directory, module }) })

export function filesystemFiles({ directory, module }: Omit<FilesystemBlobsOptions, 'keys'>): SealedFiles {
  const root = join(directory, segments(module, 1).join('/'))

  async function remove(name: string, recursive: boolean): Promise<void> {
    const path = join(root, name)
    await rm(path, { recursive, force: true })
    await syncFolder(dirname(path)).catch((error: unknown) => {
      if (!isMissing(error)) throw error
    })
  }

  async function* list(folder: string, since: Date | undefined): AsyncGenerator<string> {
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((error: unknown) => {
      if (!isMissing(error)) throw error
      return []
    })
    for (const entry of entries) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) yield* list(name, since)
      // What begins with a dot is on its way to its name.
      else if (!entry.name.startsWith('.') && (since === undefined || (await changedAt(join(root, name))) >= since.getTime() - COARSE_MS)) yield name
    }
  }

  return {
    put(name, sealed) {
      const path = join(root, name)
      return placeFile(path, join(dirname(path), `.${randomUUID()}.tmp`), sealed)
    },
    async replace(name, sealed) {
      const path = join(root, name)
      await placeFile(path, join(dirname(path), `.${randomUUID()}.tmp`), sealed, { onlyOver: true })
    },
    async get(name) {
      try {
        return await readFile(join(root, name))
      } catch (error) {
        if (!isMissing(error)) throw error
        return undefined
      }
    },
    async head(name) {
      const file = await open(join(root, name)).catch((error: unknown) => {
        if (!isMissing(error)) throw error
        return undefined
      })
      if (!file) return undefined
      try {
        const { buffer, bytesRead } = await file.read(new Uint8Array(headBytes), 0, headBytes, 0)
        return buffer.subarray(0, bytesRead)
      } finally {
        await file.close()
      }
    },
    async names(folder, start) {
      const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((error: unknown) => {
        if (!isMissing(error)) throw error
        return []
      })
      return entries.filter((entry) => entry.isFile() && entry.name.startsWith(start)).map(({ name }) => name)
    },
    list: (since) => list('', since),
    delete: (name) => remove(name, false),
    deleteFolder: (name) => remove(name, true),
  }
}

/** The clock of a file system may lag behind. */
const COARSE_MS = 1_000

const changedAt = async (path: string): Promise<number> => (await stat(path).catch(() => undefined))?.ctimeMs ?? 0


const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'
