import { randomUUID } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import type { Logger } from 'pino'
import { currentContext, inContext } from '../context.ts'
import type { PublicEnvironment } from '../http/app.ts'
import { span } from './trace.ts'
import { newTraceparent, parseTraceparent } from './traceparent.ts'

/**
 * One span and one log line for each request, in a context of its own. A caller's `traceparent` is continued, and the
 * answer carries the one that was used. Logged is the route's pattern, never the address as it was sent.
 */
export function requestSpan(log?: Logger): MiddlewareHandler<PublicEnvironment> {
  return async (c, next) => {
    const requestId = randomUUID()
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
        const level = status >= 500 ? 'warn' : 'debug'
        log?.[level]({ requestId, method: c.req.method, route: routePath(c, -1), status, ms }, 'request')
      }),
    )
  }
}
