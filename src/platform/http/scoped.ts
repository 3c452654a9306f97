import type { OpenAPIHono, RouteConfig } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { requireScope, scopeOf } from './access-token.ts'
import type { PublicEnvironment } from './app.ts'

/**
 * What makes a route need an access token or an API key with this scope, in what it does and in what its document says:
 * `createRoute({ ...scoped('credentials:write'), … })`. Further middleware runs once the token was found good.
 */
export const scoped = (scope: string, ...further: MiddlewareHandler<PublicEnvironment>[]) => ({
  security: [{ oauth2: [scope] }, { apiKey: [scope] }] as Record<string, string[]>[],
  middleware: [requireScope(scope), ...further],
})

/** A route that anyone may use without a token: `createRoute({ ...forEveryone, … })`. */
export const forEveryone = { security: [] as Record<string, string[]>[] }

/**
 * Throws when a route does not say who may use it, or says something else than it does; and when a route under `/v1`
 * is in no document. Who forgets learns it at the start of the process.
 */
export function assertSecured(app: OpenAPIHono<any, any, any>): void {
  const faults: string[] = []
  const documented = new Set<string>()
  for (const definition of app.openAPIRegistry.definitions) {
    if (definition.type !== 'route') continue
    const { method, path, security } = definition.route as RouteConfig
    const name = `${method.toUpperCase()} ${path}`
    const address = `${method.toUpperCase()} ${path.replaceAll(/\{(.+?)\}/g, ':$1')}`
    documented.add(address)
    const handlers = app.routes.filter((route) => `${route.method} ${route.path}` === address).map(({ handler }) => handler)
    const enforced = handlers.map(scopeOf).filter((scope) => scope !== undefined)
    const told = security?.flatMap(({ oauth2 }) => oauth2 ?? [])
    if (!told) faults.push(`${name}: say who may use it, with ...scoped('…') or ...forEveryone`)
    else if (told.join() !== enforced.join()) faults.push(`${name}: it tells [${told}] and requires [${enforced}]; use ...scoped('…')`)
  }
  for (const { method, path } of app.routes) {
    if (method === 'ALL' || !/^\/v1(\/|$)/.test(path) || documented.has(`${method} ${path}`)) continue
    faults.push(`${method} ${path}: make it with createRoute, so that the API's document tells of it`)
  }
  if (faults.length > 0) throw new Error(`Every route says who may use it.\n${faults.join('\n')}`)
}
