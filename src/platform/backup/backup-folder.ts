import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { syncFolder } from '../blobs/durable-files.ts'
import { type CopiedFile, type Manifest, manifestName } from './manifest.ts'

/** A folder that is filled under another name and has its own only once it is whole. */
export interface BackupFolder {
  readonly path: string
  /** Writes one file, 0600, and forces it to disk. @throws when the content was cut off */
  write(name: string, content: AsyncIterable<Uint8Array>, onBytes: (bytes: number) => void): Promise<Omit<CopiedFile, 'part'>>
  /** The manifest, and then its name. */
  finish(manifest: Manifest): Promise<void>
  /** Removes what there is so far. */
  abandon(): Promise<void>
}

const exists = (path: string): Promise<boolean> => stat(path).then(() => true, () => false)

/** @throws one sentence when something is there already: a backup never takes the place of another */
export async function createBackupFolder(target: string): Promise<BackupFolder> {
  const path = resolve(target)
  if (await exists(path)) throw new Error(`${path} is there already; name a folder that is not, or remove it.`)
  const partial = join(dirname(path), `.${basename(path)}.partial`)
  // Of a backup that was broken off: it begins anew.
  await rm(partial, { recursive: true, force: true })
  await mkdir(dirname(path), { recursive: true })
  await mkdir(partial, { mode: 0o700 })

  return {
    path,
    async write(name, content, onBytes) {
      const hash = createHash('sha256')
      const file = await open(join(partial, name), 'wx', 0o600)
      let bytes = 0
      let tail = Buffer.alloc(0)
      try {
        for await (const chunk of content) {
          await file.writeFile(chunk)
          hash.update(chunk)
          bytes += chunk.byteLength
          tail = lastBytes(tail, chunk)
          onBytes(chunk.byteLength)
        }
        await file.sync()
      } finally {
        await file.close()
      }
      const end = endOf(tail)
      if (!end) throw new Error(`The copy of ${name} was cut off; see the log of the process, and begin the backup anew.`)
      return { name, bytes, sha256: hash.digest('hex'), end }
    },
    async finish(manifest) {
      const file = await open(join(partial, manifestName), 'wx', 0o600)
      try {
        await file.writeFile(`${JSON.stringify(manifest, undefined, 2)}\n`)
        await file.sync()
      } finally {
        await file.close()
      }
      await syncFolder(partial)
      await rename(partial, path)
      await syncFolder(dirname(path))
    },
    abandon: () => rm(partial, { recursive: true, force: true }),
  }
}

/** Longer than any last line: what is told there is a few numbers for each table, and a checkpoint. */
const longestEnd = 64 * 1024

const lastBytes = (tail: Buffer, chunk: Uint8Array): Buffer<ArrayBuffer> =>
  Buffer.from(chunk.byteLength >= longestEnd ? chunk.subarray(-longestEnd) : Buffer.concat([tail, chunk]).subarray(-longestEnd))

function endOf(tail: Buffer): Record<string, unknown> | undefined {
  const text = tail.toString('utf8')
  if (!text.endsWith('\n')) return undefined
  try {
    const told = JSON.parse(text.slice(text.lastIndexOf('\n', text.length - 2) + 1)) as Record<string, unknown>
    return told.end === true ? told : undefined
  } catch {
    return undefined
  }
}

/** Reads every file of a backup again. @throws one sentence for the first that is not what the manifest says */
export async function verifyFolder(folder: string, manifest: Manifest, onBytes: (bytes: number) => void): Promise<void> {
  for (const { name, bytes, sha256 } of manifest.modules.flatMap(({ files }) => files)) {
    const hash = createHash('sha256')
    let read = 0
    try {
      for await (const chunk of createReadStream(join(folder, name))) {
        hash.update(chunk as Uint8Array)
        read += (chunk as Uint8Array).byteLength
        onBytes((chunk as Uint8Array).byteLength)
      }
    } catch (error) {
      throw new Error(`${name} of the backup in ${folder} cannot be read.`, { cause: error })
    }
    if (read !== bytes || hash.digest('hex') !== sha256)
      throw new Error(`${name} of the backup in ${folder} was changed or damaged: its checksum is another.`)
  }
}
