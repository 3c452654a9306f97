import { randomBytes } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import type { PublicEnvironment } from './app.ts'

const pagePolicy = (nonce: string | undefined): string => {
  const own = nonce ? `'self' 'nonce-${nonce}'` : "'self'"
  return (
    `default-src 'none'; script-src ${own}; style-src ${own}; img-src 'self' data:; font-src 'self'; ` +
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
  )
}
const dataPolicy = "default-src 'none'; frame-ancestors 'none'"

/**
 * Headers on every answer. A page may run its own scripts and no inline one, unless it carries the nonce of
 * `pageNonce`. A route that sets its own `Content-Security-Policy` keeps it.
 */
export function securityHeaders(options: { readonly tls: boolean }): MiddlewareHandler<PublicEnvironment> {
  return async (c, next) => {
    await next()
    const { headers } = c.res
    headers.set('x-request-id', c.get('requestId'))
    headers.set('x-content-type-options', 'nosniff')
    headers.set('referrer-policy', 'strict-origin-when-cross-origin')
    headers.set('cross-origin-opener-policy', 'same-origin')
    if (!headers.has('cross-origin-resource-policy')) headers.set('cross-origin-resource-policy', 'same-origin')
    // What may be kept says so itself; a tenant's data must not lie in a cache.
    if (!headers.has('cache-control')) headers.set('cache-control', 'no-store')
    if (options.tls) headers.set('strict-transport-security', 'max-age=31536000; includeSubDomains')
    if (!headers.has('content-security-policy')) {
      const html = headers.get('content-type')?.startsWith('text/html')
      headers.set('content-security-policy', html ? pagePolicy(c.get('nonce')) : dataPolicy)
    }
  }
}

/** The nonce that a page's inline script or style must carry; the answer's policy then allows it. */
export function pageNonce(c: Context<PublicEnvironment>): string {
  const nonce = c.get('nonce') ?? randomBytes(16).toString('base64')
  c.set('nonce', nonce)
  return nonce
}
