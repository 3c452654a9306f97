import type { MiddlewareHandler } from 'hono'
import type { Logger } from 'pino'
import type { Dispatcher } from 'undici'
import { type Addresses, createAddresses } from '../call/addresses.ts'
import { createClient } from '../call/client.ts'
import type { ServiceTokens } from '../call/service-token.ts'
import type { Transport } from '../call/transport.ts'
import type { Settings } from '../config.ts'
import type { AccessTokens } from '../http/access-token.ts'
import { mountPublicRoutes, type PublicEnvironment } from '../http/app.ts'
import { moduleDocument, type OpenApiDocument } from '../http/openapi.ts'
import { exportRoutes } from '../export/export-routes.ts'
import type { ReadinessCheck } from '../http/probes.ts'
import type { PublicApp, Registry } from '../module.ts'
import type { FindOrganizationLimits } from '../organization-limits.ts'
import { recipientOperations } from '../recipient-operations.ts'
import { redisFailure } from '../redis/connection.ts'
import type { Topology } from '../topology.ts'
import { behindDoor, door } from './door.ts'
import { mountForwards } from './forward.ts'
import { connectForLimits, createRateLimit } from './rate-limit.ts'
import { createRemoteDocuments } from './remote-documents.ts'
import { metOnce, remoteHealth } from './remote-health.ts'

export interface GatewayOptions {
  readonly settings: Settings
  readonly topology: Topology
  readonly registry: Registry
  /** The module that knows which persons there are. */
  readonly authority: string
  /** The module that knows recipients by their cookie. */
  readonly recipients: string | undefined
  readonly remote: Readonly<Record<string, Addresses>>
  /** Where also modules of this process are reached by forwarding; undefined: they are called directly. */
  readonly loopback: () => string | undefined
  readonly transportTo: (module: string) => Transport
  readonly limitsOf: FindOrganizationLimits
  readonly dispatcher: Dispatcher
  readonly tokens: ServiceTokens
  readonly serviceSecret: Uint8Array
  readonly log: Logger
  /** Aborted when the process begins to stop. */
  readonly stopping: AbortSignal
}

/** The front door's part of a process. Away from the front it lets everything through and forwards nothing. */
export interface Gateway {
  door(accessTokens: AccessTokens): MiddlewareHandler<PublicEnvironment>
  mountForwards(app: PublicApp): void
  /** Adds what the front door itself puts together out of all modules; answers what it tells of it in the API's document. */
  mountExports(app: PublicApp): OpenApiDocument | undefined
  /** Of modules elsewhere. */
  documents(): Promise<Record<string, OpenApiDocument>>
  /** For `/readyz`. */
  readonly checks: Readonly<Record<string, ReadinessCheck>>
  /** For `/health`: every module that is elsewhere. */
  readonly conditions: Readonly<Record<string, ReadinessCheck>>
  close(): void
}

/** The public paths of every module. */
export const publicPaths = (registry: Registry): Record<string, readonly string[]> =>
  Object.fromEntries(Object.entries(registry).map(([module, { paths }]) => [module, paths]))

export function createGateway(options: GatewayOptions): Gateway {
  const { settings, topology, registry, authority, recipients, transportTo, dispatcher, tokens, serviceSecret, log, stopping } = options
  if (!topology.front) return { door: () => behindDoor, mountForwards() {}, mountExports: () => undefined, documents: async () => ({}), checks: {}, conditions: {}, close() {} }

  const redis = settings.REDIS_URL === undefined ? undefined : connectForLimits(settings.REDIS_URL)
  const onError = (error: unknown) => log.warn({ error: redisFailure(error) }, 'limits are counted without Redis')
  const limit = (name: string, perMinute: number) => (perMinute === 0 ? undefined : createRateLimit({ name, perMinute, redis, onError }))
  const limits = {
    perClient: limit('client', settings.RATE_LIMIT_CLIENT),
    perOrganization: limit('organization', settings.RATE_LIMIT_ORGANIZATION),
    perAddress: limit('address', settings.RATE_LIMIT_ADDRESS),
    perFailure: limit('failures', settings.RATE_LIMIT_FAILURES),
    perVerification: limit('verification', settings.RATE_LIMIT_VERIFICATION),
    limitsOf: options.limitsOf,
  }
  const recipientOf = recipients === undefined ? undefined : createClient({ module: recipients, operations: recipientOperations }, transportTo(recipients), { module: 'gateway', tokens }).recipientSession
  let loopback: Addresses | undefined
  const addressesOf = (module: string): Addresses | undefined => {
    const url = options.loopback()
    if (url !== undefined) loopback ??= createAddresses([url])
    return options.remote[module] ?? loopback
  }
  const conditions = Object.fromEntries(
    Object.entries(topology.remote).map(([module, addresses]) => [`module ${module}`, remoteHealth(addresses, dispatcher)]),
  )
  return {
    door: (accessTokens) => door({ accessTokens, ...limits, trustedProxies: settings.TRUSTED_PROXIES ?? [], serviceSecret }),
    mountForwards: (app) => mountForwards(app, { paths: publicPaths(registry), addressesOf, dispatcher, stopping }),
    mountExports: (app) =>
      moduleDocument(mountPublicRoutes(app, (routes) => exportRoutes(routes, { modules: [authority, ...Object.keys(registry).filter((name) => name !== authority)], transportTo, tokens, log, publicUrl: settings.PUBLIC_URL, recipientOf })), 'exports'),
    documents: createRemoteDocuments({ modules: Object.keys(topology.remote), transportTo, tokens, log }),
    checks: Object.keys(conditions).length === 0 ? {} : { 'other processes': metOnce(conditions) },
    conditions,
    close: () => redis?.disconnect(),
  }
}
