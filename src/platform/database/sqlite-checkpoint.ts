import type { Worker } from 'node:worker_threads'
import { startThread } from '../thread.ts'

/** Checkpoints one database file from another thread until stopped. */
export interface Checkpoints {
  /** Waits until the other connection is closed, so that the writer's close is the last and removes the log. */
  stop(): Promise<void>
}

interface Watched {
  readonly onLong: () => void
  readonly onLost: () => void
  readonly closed: PromiseWithResolvers<void>
}

/** One worker serves all files of the process and ends with the last. */
let worker: Worker | undefined
let lastId = 0
const watched = new Map<number, Watched>()

/**
 * @param onLong the log has grown long under steady writes: a checkpoint by the writer between two transactions, when little is
 *   left to move, lets the next write begin the log anew
 * @param onLost there will be no checkpoints from here any more: the writer makes its own
 */
export function startCheckpoints(file: string, handlers: { onLong: () => void; onLost: () => void }): Checkpoints {
  const id = ++lastId
  const entry: Watched = { ...handlers, closed: Promise.withResolvers<void>() }
  try {
    worker ??= launch()
    worker.postMessage({ open: id, file })
  } catch {
    handlers.onLost()
    return { stop: async () => {} }
  }
  watched.set(id, entry)
  return {
    async stop() {
      if (!watched.has(id)) return
      // Awaited below, so the process must not end before the answer.
      worker!.ref()
      worker!.postMessage({ close: id })
      await entry.closed.promise
      watched.delete(id)
      if (watched.size > 0) return worker?.unref()
      const ending = worker
      worker = undefined
      await ending?.terminate()
    },
  }
}

function launch(): Worker {
  const launched = startThread('platform/database/sqlite-checkpoint-worker.ts')
  launched.on('message', (message: { long: number } | { closed: number }) => {
    if ('long' in message) watched.get(message.long)?.onLong()
    else watched.get(message.closed)?.closed.resolve()
  })
  const lost = () => {
    if (worker !== launched) return
    worker = undefined
    for (const [id, entry] of watched) {
      watched.delete(id)
      entry.closed.resolve()
      entry.onLost()
    }
  }
  launched.on('error', lost)
  launched.on('exit', lost)
  launched.unref()
  return launched
}
