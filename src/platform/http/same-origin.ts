import type { MiddlewareHandler } from 'hono'
import { Problem } from '../problem.ts'
import type { PublicEnvironment } from './app.ts'

/**
 * Whether a request comes from a page of ours: what a cookie protects answers to no other. `Sec-Fetch-Site` is the browser's own
 * word, and is absent on plain http; `Origin` is there at every POST. Neither of them: refused.
 */
export function isSameOrigin(headers: Headers, publicUrl: string): boolean {
  const site = headers.get('sec-fetch-site')
  return site !== null ? site === 'same-origin' : headers.get('origin') === new URL(publicUrl).origin
}

/** Refuses what another site makes a browser send, and what does not say where it comes from. */
export const requireSameOrigin =
  (publicUrl: string): MiddlewareHandler<PublicEnvironment> =>
  async (c, next) => {
    if (!isSameOrigin(c.req.raw.headers, publicUrl)) {
      throw new Problem('forbidden', `Send this from a page of ${publicUrl}: with its Origin.`)
    }
    await next()
  }
