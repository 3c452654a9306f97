import { setTimeout as delay } from 'node:timers/promises'
import type { Account } from '../../../test/installation.ts'

export interface SteadyRequests {
  /** Ends them, waits for what is under way, and answers in milliseconds what 99 of 100 stayed below. */
  stop(): Promise<number>
}

/**
 * Issues single credentials at a steady rate, whether or not earlier ones were answered. The time of each counts from
 * when it was due, so that a stall is not hidden by the requests that it holds up. Any refusal makes `stop` throw.
 */
export function startSteadyRequests(account: Account, everyMs: number): SteadyRequests {
  const times: number[] = []
  const running = new Set<Promise<void>>()
  const faults: string[] = []
  const stopped = new AbortController()

  async function issue(number: number, due: number): Promise<void> {
    const response = await account.fetch('/v1/credentials', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `steady-${number}` },
      body: JSON.stringify({
        recipient: { name: `Visitor ${number}`, email: `visitor${number}@example.net` },
        achievement: { name: 'Guided Tour' },
        notify: false,
      }),
    })
    const body = await response.text()
    times.push(performance.now() - due)
    if (response.status !== 202) faults.push(`${response.status} ${body}`)
  }

  const ended = (async () => {
    const start = performance.now()
    for (let number = 0; !stopped.signal.aborted; number++) {
      const due = start + number * everyMs
      await delay(Math.max(due - performance.now(), 0), undefined, { signal: stopped.signal }).catch(() => {})
      if (stopped.signal.aborted) break
      const request: Promise<void> = issue(number, due)
        .catch((error: unknown) => void faults.push(String(error)))
        .finally(() => running.delete(request))
      running.add(request)
    }
  })()

  return {
    async stop() {
      stopped.abort()
      await ended
      await Promise.all(running)
      if (faults.length > 0) throw new Error(`${faults.length} single requests failed meanwhile; the first: ${faults[0]}`)
      const sorted = times.toSorted((a, b) => a - b)
      return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * 0.99) - 1)] ?? 0
    },
  }
}
