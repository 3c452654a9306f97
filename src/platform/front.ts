import type { Context, Hono } from 'hono'
import type { Logger } from 'pino'
import type { Program } from './boot.ts'
import { doorHeaders, openApiPath } from './call/headers.ts'
import { bearerOf, type ServiceTokens } from './call/service-token.ts'
import type { Settings } from './config.ts'
import type { HostedModule } from './host-module.ts'
import { createDenials } from './audit/denials.ts'
import { addresseeOf, ownerOf } from './gateway/forward-rules.ts'
import { type Gateway, publicPaths } from './gateway/gateway.ts'
import { createAccessTokens } from './http/access-token.ts'
import { createPublicApp } from './http/app.ts'
import { mountDocs } from './http/docs-page.ts'
import { mergeOpenApi, moduleDocument, type OpenApiDocument } from './http/openapi.ts'
import { problemOf, problemResponse } from './http/problem-response.ts'
import { mountProbes, type ProbesOptions } from './http/probes.ts'
import type { PublicApp, Registry } from './module.ts'
import { Problem } from './problem.ts'
import type { TokenAuthority } from './token-authority.ts'

/** How far the process is: what its probes tell. */
export interface ProcessState {
  prepared: boolean
  stopping: boolean
}

interface Readiness {
  readonly hosted: ReadonlyMap<string, HostedModule>
  readonly state: ProcessState
  readonly version: string
  /** Beside databases and modules. */
  readonly checks: ProbesOptions['checks']
  readonly conditions: ProbesOptions['checks']
}

/** `/livez`, `/readyz` and `/health` of this process, on either listener. */
export function mountReadiness(app: Hono | PublicApp, { hosted, state, version, checks, conditions }: Readiness): void {
  const databases = [...hosted].map(([name, { database }]) => [
    `database ${name}`,
    async () => void (await database.raw.$count(database.raw.platform.stepKinds)),
  ])
  const modules = () => {
    if (!state.prepared) throw new Error('are not prepared yet')
  }
  mountProbes(app, {
    version,
    modules: [...hosted.keys()],
    isStopping: () => state.stopping,
    checks: { modules, ...Object.fromEntries(databases), ...checks },
    conditions,
  })
}

export interface FrontOptions extends Readiness {
  readonly program: Program
  readonly settings: Settings
  readonly authority: TokenAuthority
  readonly log: Logger
  readonly docsScript: () => Promise<Uint8Array>
  readonly gateway: Gateway
}

/** What a process has beside the app that strangers reach. */
export interface Front {
  readonly app: PublicApp
  /** What each hosted module says of its own routes. */
  readonly documents: Readonly<Record<string, OpenApiDocument>>
}

/** The app behind the public listener: probes, the API's document and reference, and the routes of all modules, near or far. */
export function composeFront(options: FrontOptions): Front {
  const { program, settings, hosted, authority, version, log, gateway } = options
  const { PUBLIC_URL: publicUrl } = settings
  const { keys, isRevoked, apiKeys, refreshMs } = authority
  const accessTokens = createAccessTokens({ keys, isRevoked, apiKeys, refreshMs, issuer: publicUrl, audience: publicUrl })
  const paths = publicPaths(program.registry)
  const app = createPublicApp({
    log,
    tls: publicUrl.startsWith('https:'),
    accessTokens,
    onDenied: createDenials((path) => hosted.get(ownerOf(paths, path) ?? '')?.database, log),
    door: gateway.door(accessTokens),
    mountForwards: gateway.mountForwards,
  })
  const documents: Record<string, OpenApiDocument> = {}
  mountReadiness(app, options)
  const exports = gateway.mountExports(app)
  mountDocs(app, {
    document: async () =>
      mergeOpenApi({ ...(await gateway.documents()), ...documents, ...(exports && { exports }) }, { publicUrl, version, scopes: program.scopes }),
    script: options.docsScript,
  })
  for (const [name, module] of hosted) {
    const own = module.mountPublic(app)
    if (own) documents[name] = checkedPaths(name, moduleDocument(own, name), program.registry)
  }
  app.get('/', (c) => c.redirect('/docs'))
  return { app, documents }
}

/** Answers a gateway elsewhere that puts the API's document together. */
export function mountDocuments(app: Hono, documents: Front['documents'], tokens: ServiceTokens): void {
  for (const [module, document] of Object.entries(documents))
    app.get(openApiPath(module), async (c) => {
      try {
        await tokens.verify(bearerOf(c.req.header('authorization')), module)
        return c.json(document)
      } catch (error) {
        return problemResponse(problemOf(error))
      }
    })
}

/**
 * Whether a request by another process is for a module that is not here: that one was given an address too many, or the module has
 * moved. A refusal would be taken for the module's own.
 */
export function isForAnother(c: Context, hosted: ReadonlyMap<string, unknown>, registry: Registry): boolean {
  const isFromProcess = c.req.header(doorHeaders.forwarded) !== undefined || c.req.path.startsWith('/internal/')
  const addressee = isFromProcess ? addresseeOf(publicPaths(registry), c.req.path) : undefined
  return addressee !== undefined && addressee in registry && !hosted.has(addressee)
}

/** What a process says to another until it is prepared, and for a module that is not here: nothing was done, ask again. */
export const notReady = (): Response =>
  problemResponse(new Problem('unavailable', 'The part that answers this is not here yet; try again in a moment.', { retryAfterSeconds: 1 }), {
    [doorHeaders.notReady]: '1',
  })

/** A route outside the module's registered paths would be out of reach behind a gateway. */
function checkedPaths(name: string, document: OpenApiDocument, registry: Registry): OpenApiDocument {
  const { paths } = registry[name] as Registry[string]
  for (const path of Object.keys(document.paths ?? {}))
    if (!paths.some((prefix) => path === prefix || path.startsWith(`${prefix}/`)))
      throw new Error(`${name} answers ${path}, which is none of its paths in the registry.`)
  return document
}
