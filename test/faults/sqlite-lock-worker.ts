import { globSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import Sqlite from 'better-sqlite3'

/** Takes the write lock of every database of a folder, each again and again, and holds it for a moment. */
const { folder, leastMs, mostMs, seed } = workerData as { folder: string; leastMs: number; mostMs: number; seed: number }
let stopped = false
parentPort!.once('message', () => (stopped = true))

async function storm(file: string, at: number): Promise<number> {
  const database = new Sqlite(file)
  // Never waits: it would hold up the other files' turns.
  database.pragma('busy_timeout = 0')
  let taken = 0
  for (let round = at + seed; !stopped; round++) {
    try {
      database.exec('BEGIN IMMEDIATE')
      taken++
      await delay(leastMs + ((round * 7_919) % (mostMs - leastMs)))
      database.exec('ROLLBACK')
    } catch (error) {
      if (!(error as { code?: string }).code?.startsWith('SQLITE_BUSY')) throw error
    }
    await delay(5 + ((round * 31) % 40))
  }
  database.close()
  return taken
}

const taken = await Promise.all(globSync(`${folder}/*.sqlite`).map(storm))
parentPort!.postMessage(taken.reduce((sum, count) => sum + count, 0))
