import { sealedSubject } from '../crypto/envelope.ts'
import { KeyErased, type KeyRing, type SealPlace } from '../crypto/key-ring-types.ts'
import type { OrganizationId } from '../organization-id.ts'
import { Problem } from '../problem.ts'
import type { Blobs } from './blobs.ts'

/** Where one module's sealed bytes lie. Names were checked before they come here. */
export interface SealedFiles {
  /** Durable and atomic when it resolves. */
  put(name: string, sealed: Uint8Array): Promise<void>
  /** As `put`, unless the file was deleted meanwhile: then nothing is written. */
  replace(name: string, sealed: Uint8Array): Promise<void>
  get(name: string): Promise<Uint8Array | undefined>
  /** Its first 512 bytes, or all that it has. */
  head(name: string): Promise<Uint8Array | undefined>
  /** The names directly below a folder (`''` for the uppermost, else with its last slash) that begin like this. */
  names(folder: string, start: string): Promise<string[]>
  /** The names of all, or of those that were written since by this process's clock and maybe shortly before: for a backup. */
  list(since?: Date): AsyncIterable<string>
  delete(name: string): Promise<void>
  /** Everything below a folder, which is given without its last slash. */
  deleteFolder(name: string): Promise<void>
}

/** How much of a file {@link SealedFiles.head} answers: more than any envelope has before what it sealed. */
export const headBytes = 512

/** Where a file's content is sealed for. */
export const blobPlace = (module: string, name: string, organizationId: OrganizationId): SealPlace => ({
  organizationId,
  table: 'blob',
  column: module,
  row: name,
})

/** A module's files, sealed on the way in and opened on the way out. */
export function sealedBlobs({ module, keys, files }: { module: string; keys: KeyRing; files: SealedFiles }): Blobs {
  const place = (name: string, organizationId: OrganizationId): SealPlace => blobPlace(module, name, organizationId)

  return {
    async put(name, organizationId, subject, content) {
      segments(name)
      await keys.load([subject])
      await files.put(name, keys.seal(subject, place(name, organizationId), content))
    },

    async get(name, organizationId) {
      segments(name)
      const sealed = await files.get(name)
      if (!sealed) throw new Problem('not-found', 'There is no file of this name.')
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
      if (folder !== '') segments(folder.slice(0, -1))
      const found = await files.names(folder, start)
      return found.filter((name) => segmentPattern.test(name)).map((name) => folder + name)
    },

    async delete(name) {
      if (!name.endsWith('/')) return files.delete(segments(name).join('/'))
      return files.deleteFolder(segments(name.slice(0, -1)).join('/'))
    },
  }
}

const segmentPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/

/** The parts of a name; throws where one could leave the folder, hide, or differ between stores. */
export function segments(name: string, most = 8): string[] {
  const parts = name.split('/')
  if (parts.length > most || !parts.every((part) => segmentPattern.test(part))) {
    throw new Error(`A blob's name is made of ids and words between single slashes; this is not one: ${JSON.stringify(name)}`)
  }
  return parts
}
