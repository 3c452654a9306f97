import type { OpenAPIHono, RouteConfig } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { Problem } from '../problem.ts'

/**
 * Makes every route of the API (`/v1`) refuse query parameters that it does not know: `notfy=false` must not send the
 * mails that it was to hold back. Public reads ignore them, because links collect parameters on their way.
 * Call it before routes are added.
 */
export function refuseUnknownQueries(app: OpenAPIHono<any, any, any>): void {
  const { openapi } = app as unknown as { openapi: (...args: unknown[]) => unknown }
  const withCheck = (route: RouteConfig & { getRoutingPath?: unknown }, ...rest: unknown[]) => {
    if (!/^\/v1(\/|$)/.test(route.path)) return openapi(route, ...rest)
    const middleware = [...[route.middleware ?? []].flat(), checkAgainst(namesOf(route))]
    const checked = Object.defineProperty({ ...route, middleware }, 'getRoutingPath', {
      value: route.getRoutingPath,
      enumerable: false,
    })
    return openapi(checked, ...rest)
  }
  Object.assign(app, { openapi: withCheck })
}

const namesOf = ({ request }: RouteConfig): ReadonlySet<string> =>
  new Set(Object.keys((request?.query as { shape?: object } | undefined)?.shape ?? {}))

const checkAgainst =
  (known: ReadonlySet<string>): MiddlewareHandler =>
  (c, next) => {
    const unknown = Object.keys(c.req.query()).filter((name) => !known.has(name))
    if (unknown.length === 0) return next()
    const errors = unknown.slice(0, 100).map((path) => ({ path: path.slice(0, 100), message: 'This query parameter is not known here' }))
    const offered = known.size === 0 ? 'This address takes none.' : `It takes: ${[...known].join(', ')}.`
    throw new Problem('validation-failed', `Take the unknown query parameters out. ${offered}`, { extensions: { errors } })
  }
