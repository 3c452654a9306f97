import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { backupParts } from './backup-routes.ts'

export const manifestName = 'manifest.json'

const CopiedFile = z.object({
  part: z.enum(backupParts),
  /** In the folder of the manifest. */
  name: z.string().regex(/^[a-z0-9-]+\.[a-z0-9-]+(\.[a-z0-9]+)?$/),
  bytes: z.number().int(),
  /** Hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** What its last line tells: how many rows of which tables, or how many blobs. */
  end: z.record(z.string(), z.unknown()),
})
export type CopiedFile = z.output<typeof CopiedFile>

/** What there is in a backup, written last: a folder without it is none. Of data, or of data keys alone. */
export const Manifest = z.object({
  vellum: z.enum(['backup', 'keys']),
  format: z.literal(1),
  version: z.string(),
  publicUrl: z.string(),
  /** Tells whether a master key is the one that the data keys are wrapped with, and nothing about it. */
  keyCheck: z.string().optional(),
  begunAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  /** In the order in which their databases were read: who hears before who publishes. */
  modules: z.array(
    z.object({
      module: z.string(),
      takenAt: z.iso.datetime(),
      migrations: z.array(z.string()),
      files: z.array(CopiedFile),
    }),
  ),
})
export type Manifest = z.output<typeof Manifest>

/** @throws one sentence when the folder holds no whole backup of that kind */
export async function readManifest(folder: string, kind: Manifest['vellum']): Promise<Manifest> {
  const text = await readFile(join(folder, manifestName), 'utf8').catch(() => undefined)
  const what = kind === 'keys' ? 'backup of data keys' : 'backup'
  if (text === undefined) throw new Error(`${folder} holds no ${what}: there is no ${manifestName} in it.`)
  const manifest = Manifest.safeParse(parsed(text))
  if (!manifest.success || manifest.data.vellum !== kind) throw new Error(`${folder} holds no ${what} that this version can read.`)
  return manifest.data
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
