import type { Hono } from 'hono'
import type { Logger } from 'pino'
import type { Program } from './boot.ts'
import type { Settings } from './config.ts'
import type { HostedModule } from './host-module.ts'
import { createAccessTokens } from './http/access-token.ts'
import { createPublicApp } from './http/app.ts'
import { mountDocs } from './http/docs-page.ts'
import { mergeOpenApi, moduleDocument, type OpenApiDocument } from './http/openapi.ts'
import { mountProbes } from './http/probes.ts'
import type { PublicApp, Registry } from './module.ts'
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
}

/** `/livez`, `/readyz` and `/health` of this process, on either listener. */
export function mountReadiness(app: Hono | PublicApp, { hosted, state, version }: Readiness): void {
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
    checks: { modules, ...Object.fromEntries(databases) },
  })
}

/** The app behind the public listener: probes, the API's document and reference, and the routes of the hosted modules. */
export function composeFront(
  options: Readiness & {
    readonly program: Program
    readonly settings: Settings
    readonly authority: TokenAuthority
    readonly log: Logger
    readonly docsScript: () => Promise<Uint8Array>
  },
): PublicApp {
  const { program, settings, hosted, authority, version, log } = options
  const { PUBLIC_URL: publicUrl } = settings
  const app = createPublicApp({
    log,
    tls: publicUrl.startsWith('https:'),
    accessTokens: createAccessTokens({
      keys: authority.keys,
      issuer: publicUrl,
      audience: publicUrl,
      isRevoked: authority.isRevoked,
    }),
  })
  const documents: Record<string, OpenApiDocument> = {}
  mountReadiness(app, options)
  mountDocs(app, {
    document: () => mergeOpenApi(documents, { publicUrl, version, scopes: program.scopes }),
    script: options.docsScript,
  })
  for (const [name, module] of hosted) {
    const own = module.mountPublic(app)
    if (own) documents[name] = checkedPaths(name, moduleDocument(own, name), program.registry)
  }
  app.get('/', (c) => c.redirect('/docs'))
  return app
}

/** A route outside the module's registered paths would be out of reach behind a gateway. */
function checkedPaths(name: string, document: OpenApiDocument, registry: Registry): OpenApiDocument {
  const { paths } = registry[name] as Registry[string]
  for (const path of Object.keys(document.paths ?? {}))
    if (!paths.some((prefix) => path === prefix || path.startsWith(`${prefix}/`)))
      throw new Error(`${name} answers ${path}, which is none of its paths in the registry.`)
  return document
}
