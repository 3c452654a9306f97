import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../database/database.ts'

const retryMs = 1_000

/**
 * Runs `work` whenever this process holds the module's lock of that name, until `stop` fires: one relay and one inbox
 * per module, however many processes run it. Its signal fires at the stop and when the lock is lost.
 */
export async function whileExclusive(
  database: Pick<Database, 'lock'>,
  name: string,
  stop: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  while (!stop.aborted) {
    const lock = await database.lock(name).catch(() => undefined)
    if (!lock) {
      await pause(retryMs, stop)
      continue
    }
    try {
      await work(AbortSignal.any([stop, lock.lost]))
    } finally {
      await lock.release().catch(() => {})
    }
  }
}

/** Resolves after so many milliseconds, or at once when the signal fires. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => {})
