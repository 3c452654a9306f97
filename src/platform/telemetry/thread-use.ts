import type { Worker } from 'node:worker_threads'

interface Watched {
  readonly module: string
  seconds: number
}

/** One for the process: threads are started deep inside modules, where nothing is handed in. */
const watched = new Map<Worker, Watched>()

/** @param path of the thread's code below `src/`; what is no module's is nobody's */
export function noteThread(worker: Worker, path: string): void {
  const module = /^modules\/([^/]+)\//.exec(path)?.[1]
  if (module === undefined) return
  watched.set(worker, { module, seconds: 0 })
  worker.once('exit', () => watched.delete(worker))
}

/**
 * Seconds of processor time that worker threads took since it was last asked, by module. A thread that ends between two
 * askings is lost with what it did since the last one; a runtime that cannot tell a thread's time has none.
 */
export async function takeThreadUse(): Promise<Readonly<Record<string, number>>> {
  const used: Record<string, number> = {}
  await Promise.all([...watched].map(async ([worker, thread]) => {
    const usage = await worker.cpuUsage?.().catch(() => undefined)
    if (!usage) return
    const seconds = (usage.user + usage.system) / 1e6
    used[thread.module] = (used[thread.module] ?? 0) + seconds - thread.seconds
    thread.seconds = seconds
  }))
  return used
}
