import { directTransport, type FetchHandler, httpTransport, type InternalRequest, type Transport, type TransportOptions } from './transport.ts'

const rounds = 60
/** Measured at most once in this time. */
const standsMs = 60_000

/**
 * How much longer a call takes over HTTP, on this machine, than in the process: the median of a request that does nothing,
 * in milliseconds. Networks between machines come on top of it.
 */
export function callCost(app: FetchHandler, listener: () => string | undefined, dispatcher: TransportOptions['dispatcher']): () => Promise<number> {
  let last: { readonly at: number; readonly cost: Promise<number> } | undefined
  return () => {
    const url = listener()
    if (url === undefined) return Promise.resolve(0)
    if (!last || performance.now() - last.at > standsMs) last = { at: performance.now(), cost: measure(directTransport(app), httpTransport(url, { dispatcher })) }
    return last.cost
  }
}

async function measure(near: Transport, far: Transport): Promise<number> {
  const inProcess = await medianOf(near)
  return Math.max((await medianOf(far)) - inProcess, 0)
}

async function medianOf(transport: Transport): Promise<number> {
  const request: InternalRequest = { method: 'GET', path: '/livez', headers: {}, effect: 'read' }
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    const since = performance.now()
    await (await transport(request)).text()
    times.push(performance.now() - since)
  }
  return times.sort((a, b) => a - b)[rounds / 2]!
}
