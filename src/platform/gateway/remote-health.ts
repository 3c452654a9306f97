import { type Dispatcher, request } from 'undici'
import type { ReadinessCheck } from '../http/probes.ts'

/** What `/readyz` of every process says that runs a module. Rejects unless all of them are ready. */
export const remoteHealth =
  (addresses: readonly string[], dispatcher: Dispatcher): ReadinessCheck =>
  async () => {
    const ready = await Promise.all(addresses.map((address) => isReady(address, dispatcher)))
    const count = ready.filter(Boolean).length
    if (count === addresses.length) return
    throw new Error(count === 0 ? 'is away' : `is ready at ${count} of ${addresses.length} addresses`)
  }

async function isReady(address: string, dispatcher: Dispatcher): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`${address}/readyz`, { dispatcher, signal: AbortSignal.timeout(1_500) })
    await body.dump()
    return statusCode === 200
  } catch {
    return false
  }
}

/**
 * Ready once every module was met, or after `graceMs`: a front door that comes up with the others takes no request too
 * early, and one module that is away later, or for good, does not close the way to the rest.
 */
export function metOnce(checks: Readonly<Record<string, ReadinessCheck>>, graceMs = 30_000): ReadinessCheck {
  const begun = performance.now()
  const unmet = new Map(Object.entries(checks))
  return async () => {
    if (performance.now() - begun >= graceMs) return
    await Promise.all([...unmet].map(async ([name, check]) => {
      await check()
      unmet.delete(name)
    }).map((met) => met.catch(() => {})))
    if (unmet.size > 0) throw new Error(`wait for ${[...unmet.keys()].join(', ')}`)
  }
}
