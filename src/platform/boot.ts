import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hono } from 'hono'
import type { Logger } from 'pino'
import { type Assets, folderAssets } from './assets.ts'
import { authorityContract, type AuthorityClient } from './authority-operations.ts'
import { createClient } from './call/client.ts'
import { createServiceTokens } from './call/service-token.ts'
import { createRouting } from './call/routing.ts'
import type { Transport } from './call/transport.ts'
import { ConfigurationError, type Environment, readSettings, type Settings } from './config.ts'
import type { Contract } from './contract.ts'
import { openMasterKey } from './crypto/master-key.ts'
import { lockDataDirectory } from './database/data-directory-lock.ts'
import { dialectOf, sqliteFolder } from './database/open.ts'
import { memoryBus } from './events/bus-memory.ts'
import { composeFront, mountReadiness } from './front.ts'
import { type HostedModule, type Host, hostModule } from './host-module.ts'
import { listen, type Listener } from './http/listener.ts'
import type { AnyModule, Registry } from './module.ts'
import { platformContract } from './platform-operations.ts'
import { createLog } from './telemetry/log.ts'
import { createTokenAuthority } from './token-authority.ts'
import { startTracing } from './telemetry/trace.ts'
import { checkTopology, readTopology, type Topology } from './topology.ts'

export const version = '0.1.0'

/** What a program that runs modules is made of. */
export interface Program {
  readonly registry: Registry
  /** The module whose contract contains `authorityOperations`. */
  readonly authority: string
  /** What an access token can permit, for the API's document. */
  readonly scopes: Readonly<Record<string, string>>
}

export interface BootOptions {
  readonly environment: Environment
  readonly assets?: Assets
  readonly log?: Logger
  /** False: no TCP listeners; commands that open the files themselves. */
  readonly listeners?: boolean
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
  /** Stops in the reverse order of the start; safe to call twice. */
  stop(): Promise<void>
}

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

const tlsOf = ({ TLS_CERT_FILE, TLS_KEY_FILE }: Settings) =>
  TLS_CERT_FILE !== undefined && TLS_KEY_FILE !== undefined
    ? { cert: readFileSync(TLS_CERT_FILE, 'utf8'), key: readFileSync(TLS_KEY_FILE, 'utf8') }
    : undefined

/** In one process: what is not built yet is refused, not passed over. */
function refuseWhatIsMissing(settings: Settings, topology: Topology): void {
  const messages: string[] = []
  if (settings.REDIS_URL !== undefined)
    messages.push('REDIS_URL: this version carries events in memory only; leave it unset and run all modules in one process.')
  if (topology.hosted.length === 0)
    messages.push('MODULES: this version has no gateway as a process of its own; run MODULES=all.')
  if (messages.length > 0) throw new ConfigurationError(messages)
}

/**
 * Brings a process up: configuration, key check, lock, migrations, modules, listeners, and consumers last.
 * Throws `ConfigurationError` before anything is written when it cannot work.
 */
export async function boot(program: Program, options: BootOptions): Promise<Running> {
  const { registry } = program
  const known = Object.keys(registry)
  const asked = readTopology(options.environment.MODULES || 'all', known, options.environment)
  const definitions = await loadDefinitions(registry, asked.hosted)
  const configurations = Object.fromEntries(Object.entries(definitions).map(([name, { config }]) => [name, config]))
  const { settings, modules: configs, environment } = readSettings(options.environment, configurations)
  const topology = readTopology(settings.MODULES, known, environment)
  refuseWhatIsMissing(settings, topology)
  const needs = Object.entries(definitions).map(
    ([name, definition]) =>
      [name, { uses: [...usedBy(definition), program.authority], hears: Object.keys(definition.subscribes) }] as const,
  )
  checkTopology(topology, Object.fromEntries(needs), { redis: settings.REDIS_URL !== undefined })
  const order = inOrderOfUse(definitions)

  const { DATABASE_URL: url } = settings
  const folder = dialectOf(url) === 'sqlite' ? sqliteFolder(url) : undefined
  const { serviceSecret: secretText, generatedFile } = openMasterKey({
    dataDir: settings.DATA_DIR,
    databaseDir: folder,
    env: environment,
    mayCreate: topology.hosted.includes(program.authority),
  })
  const serviceSecret = new TextEncoder().encode(secretText)
  const lock = folder === undefined ? undefined : lockDataDirectory(folder)
  const log = options.log ?? createLog({ level: settings.LOG_LEVEL, version })
  if (generatedFile !== undefined)
    log.warn({ file: generatedFile }, 'a master key was generated: keep a copy apart from the data, nothing can be opened without it')

  const stops: (() => Promise<void> | void)[] = [() => lock?.release()]
  const leaving = new AbortController()
  let stopping: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopping ??= (async () => {
      for (const undo of stops.reverse()) await Promise.resolve(undo()).catch((error: unknown) => log.error({ err: error }, 'stopping'))
      log.info({}, 'stopped')
    })()
    return stopping
  }

  try {
    if (settings.OTLP_URL !== undefined) {
      const tracing = await startTracing({ url: settings.OTLP_URL, serviceName: 'vellum', version })
      stops.push(() => tracing.stop())
    }
    return await start()
  } catch (error) {
    await stop()
    throw error
  }

  async function start(): Promise<Running> {
    const tokens = createServiceTokens(serviceSecret)
    const internal = new Hono()
    const hosted = new Map<string, HostedModule>()
    let loopback: string | undefined
    const transportTo = createRouting({
      remote: topology.remote,
      hosted: (module) => hosted.get(module)?.internal,
      loopback: () => (settings.INTERNAL_CALLS === 'loopback' ? loopback : undefined),
      twice: settings.DELIVER_TWICE,
    })
    const authorityFor = (caller: string): AuthorityClient =>
      createClient(authorityContract(program.authority), transportTo(program.authority), { module: caller, tokens })
    const bus = memoryBus()
    stops.push(() => bus.close())
    const host: Host = {
      settings,
      serviceSecret,
      tokens,
      log,
      assets: options.assets ?? folderAssets,
      bus,
      now: () => new Date(),
      stopping: leaving.signal,
      transportTo,
      fetchKeys: async (caller, subjects) => (await authorityFor(caller).dataKeys({ subjects })).keys,
      platformClient: (caller, module) => createClient(platformContract(module), transportTo(module), { module: caller, tokens }),
    }
    for (const name of order) {
      const definition = definitions[name] as AnyModule
      const module = await hostModule(name, definition, configs[name], host)
      stops.push(() => module.close())
      hosted.set(name, module)
      internal.route('/', module.internal)
    }

    const authority = createTokenAuthority(authorityFor('platform'), (error) => log.warn({ err: error }, 'revocations'))
    const state = { prepared: false, stopping: false }
    const publicApp = composeFront({ program, settings, hosted, authority, state, version, log, docsScript: host.assets.docsScript })
    mountReadiness(internal, { hosted, state, version })
    internal.all('*', (c) => publicApp.fetch(c.req.raw))

    const tls = tlsOf(settings)
    let internalListener: Listener | undefined
    let publicListener: Listener | undefined
    const open = async (listener: Promise<Listener>): Promise<Listener> => {
      const opened = await listener
      stops.push(() => opened.close(settings.STOP_TIMEOUT_MS))
      return opened
    }
    if (options.listeners !== false) {
      internalListener = await open(
        listen({ fetch: internal.fetch, at: { port: settings.INTERNAL_PORT, host: settings.INTERNAL_HOST } }),
      )
      loopback = `http://127.0.0.1:${internalListener.port}`
      // On Postgres, with a key from the environment, nothing was written there yet.
      mkdirSync(settings.DATA_DIR, { recursive: true, mode: 0o700 })
      await open(listen({ fetch: internal.fetch, at: { socketPath: socketPath(settings.DATA_DIR) } }))
    }

    await authority.start()
    stops.push(() => authority.stop())
    for (const name of order) await hosted.get(name)?.parts.prepare?.()
    await authority.start()
    state.prepared = true

    if (options.listeners !== false && topology.front)
      publicListener = await open(
        listen({ fetch: publicApp.fetch, at: { port: settings.PORT, host: settings.HOST }, ...(tls && { tls }) }),
      )
    // A command that opens the files itself leaves the work to the next process.
    if (options.listeners !== false) {
      // Side by side, so that a stop takes no longer than the slowest module.
      stops.push(async () => void (await Promise.all([...hosted.values()].map((module) => module.stopWork()))))
      for (const name of order) await hosted.get(name)?.startConsumers()
      for (const module of hosted.values()) module.startRelay()
    }
    stops.push(() => {
      state.stopping = true
      leaving.abort()
    })
    log.info(
      { modules: order, publicUrl: settings.PUBLIC_URL, internal: internalListener?.url, pid: process.pid },
      'ready',
    )
    return { settings, topology, publicListener, internalListener, transportTo, control: internal, serviceSecret, stop }
  }
}
