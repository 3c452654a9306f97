import { randomUUID } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { Logger } from 'pino'
import { doorHeaders } from '../call/headers.ts'
import { currentContext, inContext } from '../context.ts'
import type { PublicEnvironment } from '../http/app.ts'
import { countRequest } from './metrics.ts'
import { span } from './trace.ts'
import { newTraceparent, parseTraceparent } from './traceparent.ts'

/**
 * One span and one log line for each request, in a context of its own. A caller's `traceparent` is continued, and the
 * answer carries the one that was used. Logged is the route's pattern, never the address as it was sent.
 */
export function requestSpan(log?: Logger): MiddlewareHandler<PublicEnvironment> {
  return async (c, next) => {
    const requestId = givenId(c) ?? randomUUID()
    c.set('requestId', requestId)
    const traceparent = parseTraceparent(c.req.header('traceparent'))?.traceparent ?? newTraceparent()
    const begun = performance.now()
    const attributes = { 'http.request.method': c.req.method, 'vellum.request_id': requestId }
    await inContext({ traceparent }, () =>
      span(`${c.req.method} request`, attributes, async () => {
        await next()
        const used = currentContext().traceparent
        if (used) c.res.headers.set('traceparent', used)
        const ms = Math.round((performance.now() - begun) * 10) / 10
        const { status } = c.res
        const route = routePath(c, -1)
        countRequest(c.req.method, route, status, ms)
        const level = status >= 500 ? 'warn' : 'debug'
        log?.[level]({ requestId, method: c.req.method, route, status, ms }, 'request')
      }),
    )
  }
}

/** The door's number of a request that came through it; nobody else may choose one. */
const givenId = (c: Context<PublicEnvironment>): string | undefined =>
  c.env?.internal ? /^[0-9a-f-]{36}$/.exec(c.req.header(doorHeaders.requestId) ?? '')?.[0] : undefined
