import type { Dispatcher } from 'undici'
import { Problem } from '../problem.ts'
import type { Addresses } from './addresses.ts'
import { directTransport, type FetchHandler, httpTransport, type Transport } from './transport.ts'

export interface Routing {
  /** Where the internal listeners of modules elsewhere are. */
  readonly remote: Readonly<Record<string, Addresses>>
  /** The internal app of a module in this process. */
  readonly hosted: (module: string) => FetchHandler | undefined
  /** Where calls inside the process go over HTTP all the same; undefined: they are made directly. */
  readonly loopback: () => string | undefined
  /** Every write call is delivered twice. */
  readonly twice: boolean
  /** See `TransportOptions`. */
  readonly dispatcher?: Dispatcher | undefined
}

/**
 * The way to each module: over the network, directly, or over this process's own listener. Found at the first call and kept.
 * Throws `Problem('unavailable')` while a module of this process is not up yet.
 */
export function createRouting({ remote, hosted, loopback, twice, dispatcher }: Routing): (module: string) => Transport {
  const known = new Map<string, Transport>()
  const find = (module: string): Transport => {
    const elsewhere = remote[module] ?? loopback()
    if (elsewhere !== undefined) return httpTransport(elsewhere, { twice, dispatcher })
    const near = hosted(module)
    if (near) return directTransport(near, { twice })
    throw new Problem('unavailable', `The module ${module} is not up yet; try again in a moment.`, { retryAfterSeconds: 1 })
  }
  return (module) => (request) => {
    const transport = known.get(module) ?? find(module)
    known.set(module, transport)
    return transport(request)
  }
}
