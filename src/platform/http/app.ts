import type { IncomingMessage } from 'node:http'
import { OpenAPIHono } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import type { Logger } from 'pino'
import type { Denial } from '../audit/denials.ts'
import { withContext } from '../context.ts'
import { chooseLanguage } from '../page/language.ts'
import { Problem } from '../problem.ts'
import { requestSpan } from '../telemetry/request-span.ts'
import type { Access } from './access.ts'
import type { AccessTokens } from './access-token.ts'
import { isJson, limits } from './limits.ts'
import { refuseUnknownMethod } from './methods.ts'
import { problemOf, problemResponse, validationProblem } from './problem-response.ts'
import { publicReads } from './public-reads.ts'
import { securityHeaders } from './security-headers.ts'
import { refuseUnknownQueries } from './known-queries.ts'
import { assertSecured } from './scoped.ts'
import { assertStrictBodies } from './strict-bodies.ts'
import { wellFormed } from './well-formed.ts'

/** What a public route may read of its request with `c.get(…)`. */
export interface PublicEnvironment {
  Bindings: {
    /** As the listener got it. */
    incoming?: IncomingMessage
    /** It came over the internal listener: from another process of ours, or by the socket. */
    internal?: true
  }
  Variables: {
    /** Present behind `requireScope`. */
    access?: Access
    /** Also in the answer's `x-request-id` and in every log line of the request. */
    requestId: string
    /** What checks access tokens in this process. */
    accessTokens?: AccessTokens
    /** Told of who is refused for want of a scope. */
    onDenied?: (denial: Denial) => Promise<void>
    /** Made by `pageNonce`, for a page that carries an inline script or style. */
    nonce?: string
  }
}

export interface PublicAppOptions {
  readonly log?: Logger
  /** Needed as soon as a route requires a scope. */
  readonly accessTokens?: AccessTokens
  readonly onDenied?: (denial: Denial) => Promise<void>
  /** True when the public address is https: only then are browsers told to insist on it. */
  readonly tls?: boolean
  /** Stands before everything but the answers to browsers that ask first. */
  readonly door?: MiddlewareHandler<PublicEnvironment>
  /** Adds what goes on to modules elsewhere, before any limit on bodies: those are the module's. */
  readonly mountForwards?: (app: OpenAPIHono<PublicEnvironment>) => void
}

/**
 * The app behind the public listener: request id, span, limits, security headers, CORS for public reads, problems for
 * every error. Modules' routes go in through {@link mountPublicRoutes}.
 */
export function createPublicApp(options: PublicAppOptions = {}): OpenAPIHono<PublicEnvironment> {
  const app = createModuleApp()
  app.use(requestSpan(options.log))
  app.use(securityHeaders({ tls: options.tls ?? false }))
  app.use(publicReads())
  if (options.door) app.use(options.door)
  app.use(wellFormed())
  options.mountForwards?.(app)
  app.use(limits())
  app.use(async (c, next) => {
    if (options.accessTokens) c.set('accessTokens', options.accessTokens)
    if (options.onDenied) c.set('onDenied', options.onDenied)
    await withContext({ language: chooseLanguage(c.req.query('lang'), c.req.header('accept-language')) }, next)
  })
  app.onError((error, c) => {
    // Who went away in mid-request gets no answer, and is no fault of ours.
    if (c.req.raw.signal?.aborted) return problemResponse(new Problem('bad-request', 'Send the whole request.'))
    const problem = problemOf(error, options.log?.child({ requestId: c.get('requestId') }))
    return problemResponse(problem, headersOf(problem))
  })
  app.notFound((c) => {
    refuseUnknownMethod(app, c)
    return problemResponse(new Problem('not-found', 'Check the address; /openapi.json lists what there is.'))
  })
  return app
}

/** One module's public routes and their OpenAPI document, without the middleware that the outer app has already. */
export const createModuleApp = (): OpenAPIHono<PublicEnvironment> =>
  new OpenAPIHono<PublicEnvironment>({
    defaultHook: (result, c) => {
      // Hono takes a body that is not said to be JSON for an empty object, which may be valid.
      if (result.target === 'json' && !isJson(c.req.header('content-type'))) {
        throw new Problem('unsupported-media-type', 'Send the body as application/json.')
      }
      if (!result.success) throw validationProblem(result.error)
      return undefined
    },
  })

/**
 * Lets a module add its routes, refuses routes whose JSON bodies would let unknown fields through or that do not say
 * who may use them, and puts them into the public app. Answers the module's own app, from which its OpenAPI document comes.
 */
export function mountPublicRoutes(
  app: OpenAPIHono<PublicEnvironment>,
  routes: (module: OpenAPIHono<PublicEnvironment>) => void,
): OpenAPIHono<PublicEnvironment> {
  const module = createModuleApp()
  refuseUnknownQueries(module)
  routes(module)
  assertStrictBodies(module)
  assertSecured(module)
  app.route('/', module)
  return module
}

/** Seconds until a client should try again what could not be done, where nothing is known of how long it lasts. */
const retryAfterSeconds = 2

/**
 * What a refusal says in headers: RFC 6750, section 3, for tokens; RFC 9110, section 15.5.6, for methods, and 10.2.3 for what
 * is away.
 */
function headersOf({ code, status, extensions, message }: Problem): Record<string, string> {
  if (status === 503) return { 'retry-after': String(retryAfterSeconds) }
  if (code === 'method-not-allowed' && typeof extensions.allow === 'string') return { allow: extensions.allow }
  if (code === 'forbidden' && typeof extensions.scope === 'string') {
    return { 'www-authenticate': `${challenge}, error="insufficient_scope", scope="${extensions.scope}"` }
  }
  if (status !== 401) return {}
  return { 'www-authenticate': code === 'token-refused' ? `${challenge}, error="invalid_token", error_description="${quoted(message)}"` : challenge }
}

const challenge = 'Bearer realm="vellum"'
/** What RFC 6750 permits in a description. */
const quoted = (text: string): string => text.replaceAll('"', "'").replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?')
