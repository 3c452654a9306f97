import { randomUUID } from 'node:crypto'
import { readdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sealedSubject } from '../crypto/envelope.ts'
import { KeyErased, type KeyRing, type SealPlace } from '../crypto/key-ring-types.ts'
import type { OrganizationId } from '../organization-id.ts'
import { Problem } from '../problem.ts'
import type { Blobs } from './blobs.ts'
import { placeFile, syncFolder } from './durable-files.ts'

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
export function filesystemBlobs({ directory, module, keys }: FilesystemBlobsOptions): Blobs {
  const root = join(directory, segments(module, 1).join('/'))
  const pathOf = (name: string): string => join(root, ...segments(name))
  const place = (name: string, organizationId: OrganizationId): SealPlace => ({
    organizationId,
    table: 'blob',
    column: module,
    row: name,
  })

  return {
    async put(name, organizationId, subject, content) {
      const path = pathOf(name)
      await keys.load([subject])
      const sealed = keys.seal(subject, place(name, organizationId), content)
      await placeFile(path, join(dirname(path), `.${randomUUID()}.tmp`), sealed)
    },

    async get(name, organizationId) {
      let sealed: Uint8Array
      try {
        sealed = await readFile(pathOf(name))
      } catch (error) {
        if (!isMissing(error)) throw error
        throw new Problem('not-found', 'There is no file of this name.')
      }
      try {
        await keys.load([sealedSubject(sealed).subject])
        return keys.open(place(name, organizationId), sealed)
      } catch (error) {
        if (!(error instanceof KeyErased)) throw error
        throw new Problem('gone', 'The file was erased together with the person whom it was about.')
      }
    },

    async names(beginning) {
      const cut = beginning.lastIndexOf('/') + 1
      const [folder, start] = [beginning.slice(0, cut), beginning.slice(cut)]
      const path = folder === '' ? root : pathOf(folder.slice(0, -1))
      const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
        if (!isMissing(error)) throw error
        return []
      })
      return entries
        .filter((entry) => entry.isFile() && entry.name.startsWith(start) && segmentPattern.test(entry.name))
        .map(({ name }) => folder + name)
    },

    async delete(name) {
      const path = name.endsWith('/') ? pathOf(name.slice(0, -1)) : pathOf(name)
      await rm(path, { recursive: name.endsWith('/'), force: true })
      await syncFolder(dirname(path)).catch((error: unknown) => {
        if (!isMissing(error)) throw error
      })
    },
  }
}

const segmentPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/

/** The parts of a name; throws where one could leave the folder, hide, or differ between file systems. */
function segments(name: string, most = 8): string[] {
  const parts = name.split('/')
  if (parts.length > most || !parts.every((part) => segmentPattern.test(part))) {
    throw new Error(`A blob's name is made of ids and words between single slashes; this is not one: ${JSON.stringify(name)}`)
  }
  return parts
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'
