import type { Context, Hono } from 'hono'
import { Problem } from '../problem.ts'

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** Throws `method-not-allowed` (with `allow` in its extensions) when the path exists under another method. */
export function refuseUnknownMethod(app: Hono<any, any, any>, c: Context<any>): void {
  const allowed = methods.filter((method) => method !== c.req.method && hasRoute(app, method, c.req.path))
  if (allowed.length === 0) return
  const allow = (allowed as string[]).concat(allowed.includes('GET') ? ['HEAD'] : []).join(', ')
  throw new Problem('method-not-allowed', `Use one of: ${allow}.`, { extensions: { allow } })
}

/** Middleware is registered under ALL; a route is anything registered under the method itself. */
function hasRoute(app: Hono<any, any, any>, method: string, path: string): boolean {
  const [matches] = app.router.match(method, path)
  return matches.some(([[, route]]) => route.method === method)
}
