import type { Logger } from 'pino'
import type { PlatformDatabase } from '../database/transaction.ts'
import type { Access } from '../http/access.ts'

/** One entry tells of all refusals of one client at one address within this time, in milliseconds: a loop must not fill the trail. */
const onceIn = 60_000
const remembered = 10_000

export interface Denial {
  readonly access: Access
  readonly method: string
  readonly path: string
  /** What the token would have needed. */
  readonly scope: string
}

/**
 * Writes down that a client asked for what its token does not permit: `access.denied`, in the chain of the module that was asked.
 * In each process at most one entry a minute for the same client and address. Never fails: the refusal stands either way.
 */
export function createDenials(databaseFor: (path: string) => PlatformDatabase | undefined, log: Logger, now: () => number = () => performance.now()) {
  const written = new Map<string, number>()
  return async ({ access, method, path, scope }: Denial): Promise<void> => {
    const target = `${method} ${path}`.slice(0, 300)
    const key = JSON.stringify([access.organizationId, access.clientId, target])
    if ((written.get(key) ?? Number.NEGATIVE_INFINITY) > now() - onceIn) return
    written.delete(key)
    if (written.size >= remembered) written.delete(written.keys().next().value!)
    written.set(key, now())
    try {
      await databaseFor(path)?.transaction((tx) =>
        tx.audit({ organizationId: access.organizationId, action: 'access.denied', target, details: { scope } }))
    } catch (error) {
      log.error({ err: error }, 'a refusal could not be written to the audit trail')
    }
  }
}
