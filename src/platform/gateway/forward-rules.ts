/** RFC 9110, section 7.6.1: for one connection alone, whether `Connection` names them or not. */
const hopByHop = [
  'connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'transfer-encoding',
  'upgrade',
]

/** What only our own processes, or the front door itself, may say to a module. */
const ours = /^(vellum-|x-forwarded-)|^(forwarded|x-real-ip|x-request-id|traceparent|tracestate|host|expect)$/

type Values = Readonly<Record<string, string | readonly string[] | undefined>>

function namedByConnection(values: Values): readonly string[] {
  const named = [values.connection ?? []].flat().join(',')
  return named.split(',').map((name) => name.trim().toLowerCase())
}

/** Headers of a request as they go on to a module. `own` are added. Names in lower case. */
export function requestHeaders(sent: Headers, own: Readonly<Record<string, string>>): Record<string, string> {
  const values = Object.fromEntries(sent)
  const dropped = new Set([...hopByHop, ...namedByConnection(values)])
  const kept = Object.entries(values).filter(([name]) => !dropped.has(name) && !ours.test(name))
  return { ...Object.fromEntries(kept), ...own }
}

/** Headers of a module's answer as they go on to the client. */
export function answerHeaders(values: Values): Headers {
  const dropped = new Set([...hopByHop, ...namedByConnection(values)])
  const headers = new Headers()
  for (const [name, value] of Object.entries(values)) {
    if (dropped.has(name) || name.startsWith('vellum-')) continue
    for (const one of [value ?? []].flat()) headers.append(name, one)
  }
  return headers
}

/**
 * Whether a request of which nobody knows if it was done may be sent again: its method says so (RFC 9110, section 9.2.2),
 * or its key does.
 */
export const isRepeatable = (method: string, headers: Headers): boolean =>
  ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'].includes(method) || headers.has('idempotency-key')

/** Whether the request never reached anybody: no name, no connection, no handshake. */
export function wasNeverSent(error: unknown): boolean {
  const { code, syscall } = (error ?? {}) as { code?: unknown; syscall?: unknown }
  return (
    syscall === 'connect' ||
    syscall === 'getaddrinfo' ||
    /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/.test(String(code))
  )
}

/** Which module answers a public path: that of the longest prefix. */
export function ownerOf(paths: Readonly<Record<string, readonly string[]>>, path: string): string | undefined {
  let longest = -1
  let owner: string | undefined
  for (const [module, prefixes] of Object.entries(paths))
    for (const prefix of prefixes)
      if (prefix.length > longest && (path === prefix || path.startsWith(`${prefix}/`))) {
        longest = prefix.length
        owner = module
      }
  return owner
}

/** Whom a request on the internal listener is for: a module by name, or the owner of a public path. */
export const addresseeOf = (paths: Readonly<Record<string, readonly string[]>>, path: string): string | undefined =>
  /^\/internal\/([^/]+)\//.exec(path)?.[1] ?? ownerOf(paths, path)
