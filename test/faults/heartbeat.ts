import { Worker } from 'node:worker_threads'

/** How long a probe took, of how many that were sent. */
export interface Heartbeats {
  readonly count: number
  readonly p99Ms: number
}

/**
 * Asks an address every 20 ms from a thread of its own, so that what this process does meanwhile does not count. The time
 * of each counts from when it was due; one without an answer counts until it is given up.
 */
export function startHeartbeat(url: string): { stop(): Promise<Heartbeats> } {
  const worker = new Worker(new URL('./heartbeat-worker.ts', import.meta.url), { workerData: { url } })
  const ended = new Promise<Heartbeats>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  return {
    stop() {
      worker.postMessage('stop')
      return ended
    },
  }
}
