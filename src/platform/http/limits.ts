import type { MiddlewareHandler } from 'hono'
import { matchedRoutes } from 'hono/route'
import { Problem } from '../problem.ts'
import type { PublicEnvironment } from './app.ts'
import { countedBody, readText, refuseLongBody } from './body.ts'
import { refuseUnkeepableText } from './well-formed.ts'

const megabyte = 1_048_576

export const requestLimits = {
  /** JSON, forms, and every body whose route does not say otherwise. */
  bodyBytes: megabyte,
  jsonDepth: 32,
  /** How long a JSON body may take to arrive, in milliseconds. Uploads have the listener's own time-out. */
  jsonArrivalMs: 15_000,
} as const

const uploadBytes = Symbol('uploadBytes')

/** Middleware of a route that takes more than a megabyte: `middleware: [acceptUpload(50 * 1024 * 1024)]`. */
export function acceptUpload(maxBytes: number): MiddlewareHandler<PublicEnvironment> {
  const accept: MiddlewareHandler<PublicEnvironment> = (_c, next) => next()
  return Object.assign(accept, { [uploadBytes]: maxBytes })
}

/** Holds every body to its limit before anything reads it, and JSON to its depth before anything parses it. */
export function limits(): MiddlewareHandler<PublicEnvironment> {
  return async (c, next) => {
    const { method } = c.req
    if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return next()
    const maxBytes = limitOf(matchedRoutes(c))
    refuseLongBody(c.req.raw, maxBytes)
    if (isJson(c.req.header('content-type'))) {
      const text = await readInTime(readText(c.req.raw, maxBytes))
      refuseDeepJson(text)
      refuseUnkeepableText(text)
      // Hono reads a body once and keeps it as a promise, whatever its type says.
      c.req.bodyCache.text = Promise.resolve(text) as unknown as string
    } else if (!c.req.raw.headers.has('content-length')) {
      const body = countedBody(c.req.raw, maxBytes)
      if (body) c.req.raw = new Request(c.req.raw, { body, duplex: 'half' } as RequestInit)
    }
    return next()
  }
}

function limitOf(routes: readonly { handler: unknown }[]): number {
  for (const { handler } of routes) {
    const own = (handler as { [uploadBytes]?: number })[uploadBytes]
    if (own !== undefined) return own
  }
  return requestLimits.bodyBytes
}

export const isJson = (type: string | null | undefined): boolean => /^application\/([\w.-]+\+)?json\b/i.test(type ?? '')

/** Throws `Problem('bad-request')` when a JSON body takes too long to arrive. */
export async function readInTime<T>(body: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    const seconds = requestLimits.jsonArrivalMs / 1_000
    const refuse = () => reject(new Problem('bad-request', `Send the whole body within ${seconds} seconds.`))
    timer = setTimeout(refuse, requestLimits.jsonArrivalMs)
  })
  try {
    return await Promise.race([body, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Counts brackets outside strings: one pass, nothing allocated, no recursion. Throws `Problem('bad-request')`. */
export function refuseDeepJson(text: string, maxDepth: number = requestLimits.jsonDepth): void {
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (inString) {
      if (code === 0x5c) at++
      else if (code === 0x22) inString = false
    } else if (code === 0x22) inString = true
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > maxDepth) throw new Problem('bad-request', `Nest the JSON at most ${maxDepth} levels deep.`)
    } else if (code === 0x7d || code === 0x5d) depth--
  }
}
