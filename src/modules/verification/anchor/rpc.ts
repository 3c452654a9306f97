import { ChainUnavailable } from './chain-errors.ts'

/** The node answered a call with an error of its own. */
export class RpcError extends Error {
  override name = 'RpcError'
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * One JSON-RPC call. Throws ChainUnavailable when there is no answer worth the name, RpcError when the node says no.
 */
export type Rpc = (method: string, ...params: unknown[]) => Promise<unknown>

/**
 * JSON-RPC 2.0 over HTTP to an Ethereum node. Written here because ethers' own provider retries silently and for ever
 * while a node is down, and a durable step must know.
 */
export function createRpc(url: string, timeoutMs: number): Rpc {
  let id = 0
  return async (method, ...params) => {
    const answer = await post(url, { jsonrpc: '2.0', id: (id += 1), method, params }, timeoutMs)
    if (answer.error) throw new RpcError(Number(answer.error.code), String(answer.error.message))
    if (!('result' in answer)) throw new ChainUnavailable(`The node's answer to ${method} has no result`)
    return answer.result
  }
}

type Answer = { result?: unknown; error?: { code?: unknown; message?: unknown } | null }

async function post(url: string, call: object, timeoutMs: number): Promise<Answer> {
  // The address may carry a key of the provider, and fetch repeats it in its errors: neither is quoted.
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(call),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
    text = await response.text()
  } catch (error) {
    const timedOut = error instanceof Error && error.name === 'TimeoutError'
    throw new ChainUnavailable(timedOut ? `The node did not answer in ${timeoutMs} ms` : 'The node cannot be reached')
  }
  const answer = parse(text)
  // Some nodes send the error of a call with status 400 or 500: the answer counts, if there is one.
  if (answer && (response.ok || answer.error)) return answer
  const retryAfterS = Number(response.headers.get('retry-after') ?? NaN)
  throw new ChainUnavailable(
    `The node answered with status ${response.status}`,
    Number.isFinite(retryAfterS) ? { retryAfterMs: retryAfterS * 1000 } : {},
  )
}

function parse(text: string): Answer | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}
