import type { Logger } from 'pino'
import { authorityOperations } from './authority-operations.ts'
import { checkRemoteContract } from './call/compatibility.ts'
import type { ServiceTokens } from './call/service-token.ts'
import type { Transport } from './call/transport.ts'
import type { Contract } from './contract.ts'
import type { ReadinessCheck } from './http/probes.ts'
import type { AnyModule } from './module.ts'
import { platformOperations } from './platform-operations.ts'

/** What this process asks of the modules elsewhere that it depends on, by their names. */
export function remoteContracts(
  definitions: Readonly<Record<string, AnyModule>>,
  { authority, isRemote }: { readonly authority: string; readonly isRemote: (module: string) => boolean },
): Contract[] {
  const needed: Record<string, Contract['operations']> = {}
  const need = (module: string, operations: Contract['operations']) => {
    if (isRemote(module)) needed[module] = { ...needed[module], ...operations }
  }
  need(authority, authorityOperations)
  for (const { uses, subscribes } of Object.values(definitions)) {
    for (const { module, operations } of Object.values(uses as Record<string, Contract>)) need(module, operations)
    const { storedEvents, storedEventPage, relayedEvents, numberedEvents } = platformOperations
    for (const publisher of Object.keys(subscribes)) need(publisher, { storedEvents, storedEventPage, relayedEvents, numberedEvents })
  }
  return Object.entries(needed).map(([module, operations]) => ({ module, operations }))
}

export interface Remotes {
  /** Asks all. Answers one sentence for each that cannot work with this version; one that is away says nothing. */
  faults(): Promise<string[]>
  /** Fails for a remote until it was reached once and found compatible: whoever was ready stays so when another is away. */
  readonly checks: Readonly<Record<string, ReadinessCheck>>
  /** Fails for a remote that cannot be reached now. */
  readonly conditions: Readonly<Record<string, ReadinessCheck>>
}

/** Milliseconds for which an answer of a remote stands. */
const standsMs = 5_000

/** Knows whether the modules elsewhere can be reached and speak a contract that this version understands. */
export function createRemotes(options: {
  readonly contracts: readonly Contract[]
  readonly transportTo: (module: string) => Transport
  readonly tokens: ServiceTokens
  readonly log: Logger
}): Remotes {
  const { contracts, transportTo, tokens, log } = options
  const remotes = contracts.map((contract) => {
    const { module } = contract
    let answer: Promise<string[]> | undefined
    let askedAt = 0
    let compatible = false
    const ask = (): Promise<string[]> => {
      if (answer && performance.now() - askedAt < standsMs) return answer
      askedAt = performance.now()
      answer = checkRemoteContract(contract, transportTo(module), { module: 'platform', tokens })
      answer.then(
        (faults) => {
          compatible = faults.length === 0
          if (!compatible) log.error({ remote: module, faults }, 'a module elsewhere is of a version that does not fit')
        },
        // One that is away is asked again by the next who wants to know.
        () => (answer = undefined),
      )
      return answer
    }
    const now: ReadinessCheck = async () => {
      const faults = await ask()
      if (faults.length > 0) throw new Error(faults.join('; '))
    }
    return { module, ask, now, ready: (): Promise<void> | void => (compatible ? undefined : now()) }
  })
  const named = (check: 'now' | 'ready') => Object.fromEntries(remotes.map((remote) => [`remote ${remote.module}`, remote[check]]))
  return {
    async faults() {
      const found = await Promise.all(
        remotes.map(async ({ module, ask }) => {
          const faults = await ask().catch(() => [])
          return faults.map((fault) => `${module.toUpperCase()}_URL: the ${module} there does not fit this version: ${fault}.`)
        }),
      )
      return found.flat()
    },
    checks: named('ready'),
    conditions: named('now'),
  }
}
