import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'

const { url } = workerData as { url: string }
const everyMs = 20
const times: number[] = []
const running = new Set<Promise<void>>()
let stopped = false
parentPort!.once('message', () => (stopped = true))

async function beat(due: number): Promise<void> {
  await fetch(url, { signal: AbortSignal.timeout(10_000) }).then((answer) => answer.text()).catch(() => {})
  times.push(performance.now() - due)
}

const begun = performance.now()
for (let at = 0; !stopped; at++) {
  const due = begun + at * everyMs
  await delay(Math.max(0, due - performance.now()))
  const one: Promise<void> = beat(due).finally(() => running.delete(one))
  running.add(one)
}
await Promise.all(running)
const ordered = times.toSorted((a, b) => a - b)
parentPort!.postMessage({ count: ordered.length, p99Ms: ordered[Math.ceil(ordered.length * 0.99) - 1] ?? 0 })
