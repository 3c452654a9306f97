import type { MiddlewareHandler } from 'hono'
import type { PublicEnvironment } from './app.ts'

/** What anyone may read from any page: credentials, their status and issuers, the log, keys and metadata. */
export const isPublicRead = (path: string): boolean =>
  /^\/(v|credentials|issuers|status|log|\.well-known)\//.test(path) || /^\/organizations\/[^/]+\/did\.json$/.test(path)

/**
 * Verifiers run in browsers too: public reads answer to every origin, without credentials. Nothing else speaks CORS.
 */
export function publicReads(): MiddlewareHandler<PublicEnvironment> {
  return async (c, next) => {
    const { method, path } = c.req
    if (!isPublicRead(path)) return next()
    if (method === 'OPTIONS' && c.req.header('access-control-request-method')) {
      return c.body(null, 204, {
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET, HEAD',
        'access-control-allow-headers': c.req.header('access-control-request-headers') ?? 'accept',
        'access-control-max-age': '86400',
      })
    }
    await next()
    if (method === 'GET' || method === 'HEAD') {
      c.res.headers.set('access-control-allow-origin', '*')
      c.res.headers.set('cross-origin-resource-policy', 'cross-origin')
    }
  }
}
