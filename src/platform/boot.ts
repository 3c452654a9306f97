import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Hono } from 'hono'
import type { Logger } from 'pino'
import { type Assets, ownAssets } from './assets.ts'
import { authorityContract, type AuthorityClient } from './authority-operations.ts'
import { refuseHalfRestored } from './backup/restoring.ts'
import { checkBucket } from './blobs/s3.ts'
import { createAddresses } from './call/addresses.ts'
import { callCost } from './call/call-cost.ts'
import { createClient } from './call/client.ts'
import { createInternalAgent } from './call/internal-agent.ts'
import { createServiceTokens } from './call/service-token.ts'
import { createRouting } from './call/routing.ts'
import type { Transport } from './call/transport.ts'
import { ConfigurationError, type Environment, readSettings, type Settings } from './config.ts'
import type { Contract } from './contract.ts'
import { openMasterKey, openServiceSecret } from './crypto/master-key.ts'
import { lockDataDirectory } from './database/data-directory-lock.ts'
import { dialectOf, sqliteFolder } from './database/open.ts'
import { memoryBus } from './events/bus-memory.ts'
import { pause } from './events/exclusive.ts'
import { armFailpoint } from './failpoints.ts'
import { composeFront, isForAnother, mountDocuments, mountReadiness, notReady } from './front.ts'
import { createGateway } from './gateway/gateway.ts'
import { mountHandovers } from './handover/handovers.ts'
import { openPlacements, withPlacements } from './handover/placement.ts'
import { type HostedModule, type Host, hostModule } from './host-module.ts'
import { listen, type Listener } from './http/listener.ts'
import { mountMetrics } from './http/metrics-route.ts'
import type { AnyModule, Registry } from './module.ts'
import { createOrganizationLimits } from './organization-limits.ts'
import { platformContract } from './platform-operations.ts'
import { createRemotes, remoteContracts } from './remotes.ts'
import { createLog } from './telemetry/log.ts'
import { loadOf, startLoad } from './telemetry/load.ts'
import { createTokenAuthority } from './token-authority.ts'
import { startTracing } from './telemetry/trace.ts'
import { internalTls, publicCertificate } from './tls.ts'
import { checkTopology, readTopology, refuseClearText, type Topology } from './topology.ts'
import { memoryDoorbell } from './work/doorbell-memory.ts'
import { classifyFailure, describeFailure } from './work/retry-rules.ts'
import { createSingleWork } from './work/single-work.ts'

export const version = '0.1.0'

/** What a program that runs modules is made of. */
export interface Program {
  readonly registry: Registry
  /** The module whose contract contains `authorityOperations`. */
  readonly authority: string
  /** The module whose contract contains `recipientOperations`; absent: recipients come to none. */
  readonly recipients?: string
  /** What an access token can permit, for the API's document. */
  readonly scopes: Readonly<Record<string, string>>
}

export interface BootOptions {
  readonly environment: Environment
  readonly assets?: Assets
  readonly log?: Logger
  /** False: no TCP listeners; commands that open the files themselves. */
  readonly listeners?: boolean
  /** Starts anew in this process, after a stop: a module has left, or has come. Absent: none can. */
  readonly replace?: () => void
}

export interface Running {
  readonly settings: Settings
  readonly topology: Topology
  /** Undefined without listeners, or away from the front. */
  readonly publicListener: Listener | undefined
  readonly internalListener: Listener | undefined
  /** Calls to hosted and remote modules as the given caller. */
  readonly transportTo: (module: string) => Transport
  /** What the unix socket and the commands talk to: internal and public routes. */
  readonly control: Hono
  readonly serviceSecret: Uint8Array
  /** Resolves when everything runs: later than the start, while a module elsewhere is away that is needed first. Rejects when it never will. */
  readonly begun: Promise<void>
  /** Stops in the reverse order of the start; safe to call twice. */
  stop(): Promise<void>
}

const waitForRemoteMs = 1_000

/** `DATA_DIR/vellum.sock`: where commands reach the running process. */
export const socketPath = (dataDir: string): string => join(dataDir, 'vellum.sock')

/** Only of the modules that this process hosts: nothing else is loaded. */
async function loadDefinitions(registry: Registry, hosted: readonly string[]) {
  const loaded = await Promise.all(hosted.map(async (name) => [name, await registry[name]?.load()] as const))
  return Object.fromEntries(loaded.filter((entry): entry is [string, AnyModule] => entry[1] !== undefined))
}

const usedBy = ({ uses }: AnyModule): string[] => Object.values(uses as Record<string, Contract>).map(({ module }) => module)

/** The used before the users. Throws on a cycle: two modules that call each other are one. */
function inOrderOfUse(definitions: Readonly<Record<string, AnyModule>>): string[] {
  const done: string[] = []
  const visit = (name: string, path: readonly string[]): void => {
    if (path.includes(name)) throw new Error(`Modules call each other in a circle: ${[...path, name].join(' → ')}.`)
    const definition = definitions[name]
    if (!definition || done.includes(name)) return
    for (const used of usedBy(definition)) visit(used, [...path, name])
    done.push(name)
  }
  for (const name of Object.keys(definitions)) visit(name, [])
  return done
}

/**
 * Brings a process up: configuration, key check, lock, migrations, modules, listeners, and consumers last.
 * Throws `ConfigurationError` before anything is written when it cannot work.
 */
export async function boot(program: Program, options: BootOptions): Promise<Running> {
  const { registry } = program
  const known = Object.keys(registry)
  const asked = readTopology(options.environment.MODULES || 'all', known, options.environment)
  const placements = openPlacements(options.environment.DATA_DIR || './data', asked.hosted, options.environment.AWAIT_MOVE === 'true')
  const definitions = await loadDefinitions(registry, withPlacements(asked, placements).hosted)
  const configurations = Object.fromEntries(Object.entries(definitions).map(([name, { config }]) => [name, config]))
  const { settings, modules: configs, environment } = readSettings(options.environment, configurations)
  const topology = withPlacements(readTopology(settings.MODULES, known, environment), placements)
  const needs = Object.entries(definitions).map(
    ([name, definition]) =>
      [name, { uses: [...usedBy(definition), program.authority], hears: Object.keys(definition.subscribes) }] as const,
  )
  // The front door forwards to everyone.
  const front = topology.front ? [['gateway', { uses: known, hears: [] }] as const] : []
  checkTopology(topology, Object.fromEntries([...needs, ...front]), { redis: settings.REDIS_URL !== undefined })
  const tls = { public: publicCertificate(settings), internal: internalTls(settings) }
  if (tls.internal) refuseClearText(topology)
  const order = inOrderOfUse(definitions)
  // Loaded where it is used: a process without Redis starts a quarter of a second of a processor sooner.
  if (settings.REDIS_URL !== undefined) await (await import('./redis/connection.ts')).refuseUnusableRedis(settings.REDIS_URL)
  if (settings.S3_URL !== undefined) await checkBucket(settings.S3_URL, { write: true })

  refuseHalfRestored(settings.DATA_DIR)
  const { DATABASE_URL: url } = settings
  const hosts = order.length > 0 || Object.keys(placements).length > 0
  const folder = hosts && dialectOf(url) === 'sqlite' ? sqliteFolder(url) : undefined
  const keyPlace = { dataDir: settings.DATA_DIR, databaseDir: folder, env: environment }
  const key = topology.hosted.includes(program.authority) ? openMasterKey(keyPlace) : undefined
  const generatedFile = key?.generatedFile
  const serviceSecret = new TextEncoder().encode(key?.serviceSecret ?? openServiceSecret(keyPlace))
  const lock = folder === undefined ? undefined : lockDataDirectory(folder)
  const log = options.log ?? createLog({ level: settings.LOG_LEVEL, version, pid: process.pid })
  armFailpoint(settings.FAILPOINT)
  if (settings.FAILPOINT) log.warn(settings.FAILPOINT, 'this process is going to kill itself, as FAILPOINT asks')
  if (generatedFile !== undefined)
    log.warn({ file: generatedFile }, 'a master key was generated: keep a copy apart from the data, nothing can be opened without it')
  if (folder === undefined && settings.S3_URL === undefined && topology.hosted.length > 0)
    log.info({ folder: settings.BLOBS_DIR }, 'files are kept in a folder: replicas on other hosts need the same one, or S3_URL')

  const stops: (() => Promise<void> | void)[] = [() => lock?.release()]
  const leaving = new AbortController()
  const state = { prepared: false, stopping: false }
  let begun: Promise<void> | undefined
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      state.stopping = true
      leaving.abort()
      await begun?.catch(() => {})
      for (const undo of stops.reverse()) await Promise.resolve(undo()).catch((error: unknown) => log.error({ err: error }, 'stopping'))
      log.info({}, 'stopped')
    })()
    return stopping
  }

  try {
    if (settings.OTLP_URL !== undefined) {
      const tracing = await startTracing({ url: settings.OTLP_URL, serviceName: 'vellum', version, modules: topology.hosted })
      stops.push(() => tracing.stop())
    }
    return await start()
  } catch (error) {
    await stop()
    throw error
  }

  async function start(): Promise<Running> {
    if (options.listeners !== false && settings.LOAD_WINDOW_MS > 0) stops.push(startLoad(settings.LOAD_WINDOW_MS))
    const tokens = createServiceTokens(serviceSecret)
    const internal = new Hono()
    const hosted = new Map<string, HostedModule>()
    let loopback: string | undefined
    const loopbackUrl = () => (settings.INTERNAL_CALLS === 'loopback' ? loopback : undefined)
    const agent = createInternalAgent(tls.internal)
    stops.push(() => agent.destroy())
    const remote = Object.fromEntries(Object.entries(topology.remote).map(([name, urls]) => [name, createAddresses(urls)]))
    const transportTo = createRouting({
      remote,
      hosted: (module) => hosted.get(module)?.internal,
      loopback: loopbackUrl,
      twice: settings.DELIVER_TWICE,
      dispatcher: tls.internal && agent,
    })
    const authorityFor = (caller: string): AuthorityClient =>
      createClient(authorityContract(program.authority), transportTo(program.authority), { module: caller, tokens })
    const cost = callCost(internal, () => loopback, agent)
    const redis = settings.REDIS_URL === undefined ? undefined : (await import('./redis/redis.ts')).createRedis({ url: settings.REDIS_URL, serviceSecret, log })
    stops.push(() => redis?.close())
    const bus = redis?.bus ?? memoryBus()
    stops.push(() => bus.close())
    const host: Host = {
      settings,
      version,
      serviceSecret,
      tokens,
      log,
      assets: options.assets ?? ownAssets,
      bus,
      doorbell: redis?.doorbell ?? memoryDoorbell,
      shareForgetting: redis?.shareForgetting ?? ((keys) => keys),
      now: () => new Date(),
      stopping: leaving.signal,
      singleWork: createSingleWork(),
      measured: async (module) => loadOf(module, { hosted: order, callCostMs: await cost() }),
      transportTo,
      authority: program.authority,
      authorityFor,
      modules: known,
      fetchKeys: async (caller, subjects) => (await authorityFor(caller).dataKeys({ subjects })).keys,
      platformClient: (caller, module) => createClient(platformContract(module), transportTo(module), { module: caller, tokens }),
    }
    const remotes = createRemotes({
      contracts: remoteContracts(definitions, { authority: program.authority, isRemote: (module) => topology.remote[module] !== undefined }),
      transportTo,
      tokens,
      log,
    })
    const unfit = options.listeners === false ? [] : await remotes.faults()
    if (unfit.length > 0) throw new ConfigurationError(unfit)
    for (const name of order) {
      const definition = definitions[name] as AnyModule
      const module = await hostModule(name, definition, configs[name], host)
      stops.push(() => module.close())
      hosted.set(name, module)
      internal.route('/', module.internal)
    }
    if (options.replace)
      await mountHandovers(internal, {
        registry, modules: asked.hosted, placements, settings, version, assets: host.assets, replace: options.replace, tokens, log,
      })

    const authority = createTokenAuthority(authorityFor('platform'), {
      pollMs: settings.REVOCATION_POLL_MS,
      onError: (error) => log.warn({ err: error }, 'revocations'),
    })
    const limitsOf = createOrganizationLimits(authorityFor('platform'), { freshMs: settings.REVOCATION_POLL_MS })
    const gateway = createGateway({
      settings, topology, registry, authority: program.authority, recipients: program.recipients, remote, limitsOf, loopback: loopbackUrl, transportTo, dispatcher: agent, tokens, serviceSecret, log,
      stopping: leaving.signal,
    })
    stops.push(() => gateway.close())
    const readiness = {
      hosted,
      state,
      version,
      checks: { ...(hosts && remotes.checks), ...gateway.checks },
      conditions: { ...remotes.conditions, ...redis?.conditions, ...gateway.conditions },
    }
    const { app: publicApp, documents } = composeFront({ ...readiness, program, settings, authority, log, docsScript: host.assets.docsScript, gateway })
    mountReadiness(internal, readiness)
    mountMetrics(internal)
    mountDocuments(internal, documents, tokens)
    internal.all('*', (c) => (state.prepared && !isForAnother(c, hosted, registry) ? publicApp.fetch(c.req.raw, { internal: true }) : notReady()))

    let internalListener: Listener | undefined
    let publicListener: Listener | undefined
    const open = async (listener: Promise<Listener>): Promise<Listener> => {
      const opened = await listener
      stops.push(() => opened.close(settings.STOP_TIMEOUT_MS))
      return opened
    }
    if (options.listeners !== false) {
      internalListener = await open(
        listen({ fetch: internal.fetch, at: { port: settings.INTERNAL_PORT, host: settings.INTERNAL_HOST }, tls: tls.internal }),
      )
      loopback = `${tls.internal ? 'https' : 'http'}://127.0.0.1:${internalListener.port}`
      if (settings.PROBE_PORT !== undefined) {
        const probes = new Hono()
        mountReadiness(probes, readiness)
        await open(listen({ fetch: probes.fetch, at: { port: settings.PROBE_PORT, host: settings.INTERNAL_HOST } }))
      }
      // On Postgres, with a key from the environment, nothing was written there yet.
      if (hosts) mkdirSync(settings.DATA_DIR, { recursive: true, mode: 0o700 })
      if (hosts) await open(listen({ fetch: internal.fetch, at: { socketPath: socketPath(settings.DATA_DIR) } }))
    }

    await authority.start()
    stops.push(() => authority.stop())
    const waits = Promise.withResolvers<void>()
    const prepare = async (name: string): Promise<void> => {
      for (;;)
        try {
          return await hosted.get(name)?.parts.prepare?.()
        } catch (error) {
          if (topology.hosted.includes(program.authority) || classifyFailure(error).kind !== 'unavailable') throw error
          log.warn({ module: name, error: describeFailure(error) }, 'the start waits for a module elsewhere')
          waits.resolve()
          await pause(waitForRemoteMs, leaving.signal)
          if (leaving.signal.aborted) throw error
        }
    }
    const begin = async (): Promise<void> => {
      for (const name of order) await prepare(name)
      await authority.start()
      if (leaving.signal.aborted) return
      state.prepared = true
      if (options.listeners !== false && topology.front)
        publicListener = await open(
          listen({ fetch: publicApp.fetch, at: { port: settings.PORT, host: settings.HOST }, tls: tls.public }),
        )
      // A command that opens the files itself leaves the work to the next process.
      if (options.listeners !== false) {
        // Side by side, so that a stop takes no longer than the slowest module.
        stops.push(async () => void (await Promise.all([...hosted.values()].map((module) => module.stopWork()))))
        for (const name of order) await hosted.get(name)?.startConsumers()
        for (const module of hosted.values()) module.startRelay()
      }
      log.info({ modules: order, publicUrl: settings.PUBLIC_URL, internal: internalListener?.url }, 'ready')
    }
    begun = begin()
    // Whoever waits for it is told.
    begun.catch(() => {})
    await Promise.race([begun, waits.promise])
    return {
      settings,
      topology,
      get publicListener() {
        return publicListener
      },
      internalListener,
      transportTo,
      control: internal,
      serviceSecret,
      begun,
      stop,
    }
  }
}
