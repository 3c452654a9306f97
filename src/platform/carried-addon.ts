import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads'
import { carriedFile } from './executable.ts'

/**
 * Loads a native addon that the executable carries. The system loads code from files alone, so it is written to one,
 * 0700, in the folder of `TMPDIR`, which is removed at once: what stays is open in this process, and gone with it.
 *
 * All threads must load the same file. SQLite keeps its locks per copy of its code: two of them in one process would
 * take each other's away.
 */
export function loadCarriedAddon(path: string): unknown {
  const key = `addon ${path}`
  let place = getEnvironmentData(key) as string | undefined
  if (place === undefined) {
    place = written(path)
    setEnvironmentData(key, place)
  }
  const addon = { exports: {} }
  try {
    process.dlopen(addon, place)
  } catch (error) {
    const sentence = `The database's code cannot be loaded from ${tmpdir()}; set TMPDIR to a folder that is not mounted noexec.`
    throw new Error(sentence, { cause: error })
  }
  return addon.exports
}

function written(path: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'vellum-'))
  const file = join(folder, 'addon.node')
  try {
    writeFileSync(file, carriedFile(path), { mode: 0o700 })
    return `/proc/self/fd/${openSync(file, 'r')}`
  } finally {
    rmSync(folder, { recursive: true })
  }
}
