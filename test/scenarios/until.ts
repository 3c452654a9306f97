import { setTimeout as delay } from 'node:timers/promises'

const DEADLINE_MS = 100_000

/** Looks until there is something. A test waits for what must come, never for a time to pass. */
export async function until<T>(what: string, look: () => Promise<T | undefined | null | false>): Promise<T> {
  const deadline = Date.now() + DEADLINE_MS
  for (let pause = 25; ; pause = Math.min(pause * 1.5, 400)) {
    const found = await look()
    if (found != null && found !== false) return found
    if (Date.now() > deadline) throw new Error(`Waited ${DEADLINE_MS / 1_000} s for ${what}.`)
    await delay(pause)
  }
}
