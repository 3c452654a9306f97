import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'

export interface DataDirectoryLock {
  release(): void
}

/**
 * Takes a directory for this process. It is the operating system's lock on `vellum.lock` (through SQLite, which knows how on
 * every system), so it ends with the process however that ends. Nothing else may open and close that file: on POSIX this
 * would drop the lock.
 * @throws one sentence when another process, or this one, holds it
 */
export function lockDataDirectory(directory: string): DataDirectoryLock {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const file = join(directory, 'vellum.lock')
  // For this user alone: whoever may open it may lock it. A file that is there may be locked by us, and is left alone.
  if (!existsSync(file)) writeFileSync(file, '', { mode: 0o600, flag: 'a' })
  const connection = new Sqlite(file, { timeout: 0 })
  try {
    connection.pragma('locking_mode = EXCLUSIVE')
    connection.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    connection.close()
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')) {
      const sentence = `Another process uses the data directory ${directory}; stop it first, or set another DATA_DIR.`
      throw new Error(sentence, { cause: error })
    }
    throw error
  }
  return {
    release: () => {
      connection.close()
    },
  }
}
