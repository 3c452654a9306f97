import { parentPort } from 'node:worker_threads'
import { statSync } from 'node:fs'
import Sqlite from 'better-sqlite3'

/**
 * Moves pages from the write-ahead logs of this process's databases into their files, on a thread and connections of its own:
 * the fsync of a checkpoint made the writer's slowest requests.
 *
 * Messages in: `{ open: id, file }`, `{ close: id }`. Messages out: `{ closed: id }`, and `{ long: id }` when a log has grown
 * beyond a limit although it was checkpointed: pages came faster than they left, and only the writer can let it begin anew.
 */
const everyMs = 1_000
const longBytes = 32 * 1024 * 1024

const port = parentPort!
const connections = new Map<number, { file: string; connection: Sqlite.Database }>()

port.on('message', (message: { open: number; file: string } | { close: number }) => {
  if ('open' in message) {
    const connection = new Sqlite(message.file, { fileMustExist: true })
    connection.pragma('busy_timeout = 0')
    connection.pragma('wal_autocheckpoint = 0')
    connection.pragma('synchronous = FULL')
    connections.set(message.open, { file: message.file, connection })
  } else {
    connections.get(message.close)?.connection.close()
    connections.delete(message.close)
    port.postMessage({ closed: message.close })
  }
})

setInterval(() => {
  for (const [id, { file, connection }] of connections) {
    try {
      connection.pragma('wal_checkpoint(PASSIVE)')
      if (statSync(`${file}-wal`).size > longBytes) port.postMessage({ long: id })
    } catch {
      // Busy, or the disk is full: the log keeps everything, and the next round tries again.
    }
  }
}, everyMs)
