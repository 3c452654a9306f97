import { close, existsSync, fdatasync, open, type PathLike, rename, writeFile } from 'node:fs'
import { mkdir, open as openHandle, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

// Callbacks where a file is written for each credential: a promise for each call would cost more than the call.

/** Writes a new file, 0600, and forces its content to disk. Rejects with EEXIST when it is there. */
function writeForced(path: string, content: Uint8Array): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  open(path, 'wx', 0o600, (failed, file) => {
    if (failed) return reject(failed)
    const end = (error: Error | null) => close(file, (also) => (error ?? also ? reject(error ?? also) : resolve()))
    writeFile(file, content, (error) => (error ? end(error) : fdatasync(file, end)))
  })
  return promise
}

function renamed(from: PathLike, to: PathLike): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  rename(from, to, (error) => (error ? reject(error) : resolve()))
  return promise
}

interface FolderSync {
  running: Promise<void>
  next: Promise<void> | undefined
}

const syncs = new Map<string, FolderSync>()

/** Forces the entries of a folder to disk. Who asks while that is under way shares one that begins after it. */
export function syncFolder(path: string): Promise<void> {
  const known = syncs.get(path)
  if (known) return (known.next ??= known.running.catch(() => {}).then(() => startSync(path)))
  return startSync(path)
}

function startSync(path: string): Promise<void> {
  const sync: FolderSync = { running: forceFolder(path), next: undefined }
  syncs.set(path, sync)
  const forget = () => {
    if (sync.next === undefined) syncs.delete(path)
  }
  sync.running.then(forget, forget)
  return sync.running
}

async function forceFolder(path: string): Promise<void> {
  const folder = await openHandle(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/**
 * Puts a file in its place: written beside it under `temporary`, forced to disk and renamed. When this resolves, the folder
 * is on disk too; after a crash the name holds its old content or its new one, whole. Makes the folder, 0700, if need be.
 * @param options `onlyOver`: not where the file is gone when the new one is ready
 */
export async function placeFile(path: string, temporary: string, content: Uint8Array, { onlyOver = false } = {}): Promise<void> {
  const folder = dirname(path)
  try {
    await writeForced(temporary, content).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      await makeFolder(folder)
      await writeForced(temporary, content)
    })
    if (onlyOver && !existsSync(path)) return await rm(temporary, { force: true })
    await renamed(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(folder)
  // It may have found a folder that somebody else has just made.
  if (foldersOnTheWay.size > 0) await Promise.all(foldersOnTheWay)
}

const foldersOnTheWay = new Set<Promise<void>>()

function makeFolder(path: string): Promise<void> {
  const made = makeFolderForced(path).finally(() => foldersOnTheWay.delete(made))
  foldersOnTheWay.add(made)
  return made
}

/** A new folder is durable only when the folder that holds it is. */
async function makeFolderForced(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
}
