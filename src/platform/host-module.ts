import { Hono } from 'hono'
import type { Logger } from 'pino'
import type { Assets } from './assets.ts'
import type { AuthorityClient, authorityContract } from './authority-operations.ts'
import { auditGuardStatements, auditHook } from './audit/audit.ts'
import { auditRoutes } from './audit/audit-routes.ts'
import { tellingOf } from './audit/tellings.ts'
import { mountBackup } from './backup/backup-routes.ts'
import { openFiles } from './blobs/open-files.ts'
import { sealedBlobs } from './blobs/sealed-blobs.ts'
import { createClient } from './call/client.ts'
import { createDocuments, createOpenDocument, mountDocuments } from './call/documents.ts'
import { mountContract } from './call/server.ts'
import type { ServiceTokens } from './call/service-token.ts'
import type { Transport } from './call/transport.ts'
import type { Settings } from './config.ts'
import type { Client, Contract, Handlers } from './contract.ts'
import { createKeyRing, type FetchedKey } from './crypto/key-ring.ts'
import type { KeyRing } from './crypto/key-ring-types.ts'
import { dialectOf, migrateDatabase, openDatabase } from './database/open.ts'
import type { PlatformDatabase, TransactionHooks } from './database/transaction.ts'
import { confirmErasureBinding } from './erasure/confirm-erasure.ts'
import { familyOf } from './event.ts'
import { mountExport } from './export/module-export.ts'
import type { Bus } from './events/bus.ts'
import { createInbox } from './events/inbox.ts'
import { publishHook } from './events/outbox.ts'
import { createRelay } from './events/relay.ts'
import type { FetchEvents, FetchPage, RelayedStore } from './events/subscription.ts'
import { mountPublicRoutes } from './http/app.ts'
import { purgeIdempotency } from './http/idempotency.ts'
import type { AnyModule, CheckedPage, ModuleParts, PublicApp } from './module.ts'
import { findLostVersions } from './reseal/check-versions.ts'
import { dataKeysRotated } from './reseal/data-keys-rotated.ts'
import { countSealedBefore, createReseal } from './reseal/reseal-step.ts'
import { platformHandlers } from './platform-handlers.ts'
import { type platformContract, platformOperations } from './platform-operations.ts'
import type { ModuleLoad } from './telemetry/advise-rules.ts'
import { addMeasures, countEvent, countStep } from './telemetry/metrics.ts'
import { moduleMeasures } from './telemetry/module-measures.ts'
import { span } from './telemetry/trace.ts'
import { createUsage } from './usage.ts'
import { usageRoutes } from './usage-routes.ts'
import type { Doorbell } from './work/doorbell.ts'
import { retryPolicy } from './work/retry-rules.ts'
import { createRunner } from './work/runner.ts'
import type { SingleWork } from './work/single-work.ts'
import { addStepHook, steerStepsHook } from './work/steps.ts'

/** What a module shares with the process that hosts it. */
export interface Host {
  readonly settings: Settings
  readonly version: string
  readonly serviceSecret: Uint8Array
  readonly tokens: ServiceTokens
  readonly log: Logger
  readonly assets: Assets
  readonly bus: Bus
  readonly doorbell: (module: string) => Doorbell
  readonly shareForgetting: (keys: KeyRing) => KeyRing
  readonly now: () => Date
  readonly stopping: AbortSignal
  readonly singleWork: SingleWork
  /** What this process measured of one of its modules. */
  readonly measured: (module: string) => Promise<ModuleLoad>
  readonly transportTo: (module: string) => Transport
  /** The module that keeps data keys, and how others ask it. */
  readonly authority: string
  readonly authorityFor: (caller: string) => AuthorityClient
  /** All modules of the program, wherever they run. */
  readonly modules: readonly string[]
  /** Data keys, for every module but the authority, which reads its own. */
  readonly fetchKeys: (caller: string, subjects: string[]) => Promise<readonly FetchedKey[]>
  readonly platformClient: (caller: string, module: string) => Client<ReturnType<typeof platformContract<string>>>
}

export interface HostedModule {
  readonly name: string
  readonly database: PlatformDatabase
  readonly parts: ModuleParts<Contract, unknown>
  /** `/internal/{name}/…` */
  readonly internal: Hono
  /** Adds the public routes; answers the app that its part of the OpenAPI document comes from. */
  mountPublic(app: PublicApp): PublicApp | undefined
  /** Steps, and what it hears. */
  startConsumers(): Promise<void>
  /** After the consumers of all modules: the memory bus delivers to whom it knows, and the relay marks that as sent. */
  startRelay(): void
  /** Sends and hears nothing more, and finishes what runs. */
  stopWork(): Promise<void>
  close(): Promise<void>
}

const PURGE_MS = 6 * 3_600_000

/** Migrates and opens the module's database, and composes it. Nothing runs yet. */
export async function hostModule(
  name: string,
  definition: AnyModule,
  config: unknown,
  host: Host,
): Promise<HostedModule> {
  const { settings, now, bus } = host
  const { schema } = definition
  const log = host.log.child({ module: name })
  const url = settings.DATABASE_URL
  await migrateDatabase({
    schema,
    url,
    migrations: host.assets.migrations(name, dialectOf(url)),
    guards: auditGuardStatements,
  })
  const ttlMs = settings.DATA_KEY_SECONDS * 1_000
  const keys = host.shareForgetting(createKeyRing({ fetchKeys: (subjects) => fetchKeys(subjects), ttlMs }))
  const database = tracedTransactions(await openDatabase({
    schema,
    url,
    hooks: { publish: tracedPublish(publishHook(keys)), addStep: addStepHook, steerSteps: steerStepsHook, audit: auditHook(name) },
    onError: (error) => log.error({ err: error }, 'database'),
    mayGather: () => !host.singleWork.isAround(),
  }))
  const files = openFiles(settings, name)
  const blobs = sealedBlobs({ module: name, keys, files })
  const caller = { module: name, tokens: host.tokens }
  const uses: Record<string, Contract> = definition.uses
  const clients = Object.fromEntries(
    Object.entries(uses).map(([alias, contract]) => [alias, createClient(contract, host.transportTo(contract.module), caller)]),
  )
  const usage = createUsage({ modules: host.modules, platformClient: (module) => host.platformClient(name, module), authority: host.authorityFor(name), settings, now })
  const parts = definition.start({
    name,
    config,
    publicUrl: settings.PUBLIC_URL,
    database,
    clients,
    openDocument: createOpenDocument(host.transportTo, caller),
    documents: createDocuments({ module: name, secret: host.serviceSecret }),
    keys,
    blobs,
    log,
    now,
    stopping: host.stopping,
    singleWork: host.singleWork,
    usage,
    modules: host.modules,
  })
  const reseal = createReseal({ module: name, schema, database, files, keys, authority: host.authorityFor(name), ttlMs, log })
  const bindings = [...(parts.steps ?? []), ...reseal.steps, confirmErasureBinding({ database, authority: host.authorityFor(name) })]
  const hearsOfKeys = definition.subscribes[host.authority]?.includes(familyOf(dataKeysRotated.name))
  const subscriptions = [...(parts.subscriptions ?? []), ...(hearsOfKeys ? [reseal.subscription(host.authority)] : [])]
  // Of the authority alone.
  const keysHere = ownKeys(parts.handlers)
  const fetchKeys = keysHere ?? ((subjects: string[]) => host.fetchKeys(name, subjects))

  const fetchEvents: FetchEvents = async ({ publisher, ...range }) =>
    (await host.platformClient(name, publisher).storedEvents(range)).events
  const fetchPage: FetchPage = async ({ publisher, ...page }) =>
    (await host.platformClient(name, publisher).storedEventPage(page)).events
  const relayedStore: RelayedStore = {
    list: async ({ publisher, family }, after, limit) =>
      (await host.platformClient(name, publisher).relayedEvents({ family, after, limit })).events,
    read: async ({ publisher, family }, numbers) =>
      (await host.platformClient(name, publisher).numberedEvents({ family, numbers: [...numbers] })).events,
  }
  const policy = retryPolicy(settings.STEP_RETRY_BASE_MS)
  const sweepMs = settings.SWEEP_INTERVAL_MS
  const doorbell = host.doorbell(name)
  database.onCommit(({ stepKinds }) => stepKinds.forEach((kind) => doorbell.ring(kind)))
  const relay = createRelay({
    database, bus, log, sweepMs,
    singleWork: host.singleWork,
    deliverTwice: settings.DELIVER_TWICE,
    onRelayed: (events) => events.forEach((event) => countEvent(name, event.name, 'relayed')),
  })
  const runner = createRunner({
    database,
    bindings,
    policy,
    doorbell,
    singleWork: host.singleWork,
    log,
    sweepMs,
    drainMs: settings.STOP_TIMEOUT_MS,
    onOutcome: ({ kind, outcome, durationMs }) => countStep(name, kind, outcome, durationMs),
  })
  const inbox = createInbox({
    database,
    subscribes: definition.subscribes,
    subscriptions,
    keys,
    fetchEvents,
    relayedStore,
    policy,
    singleWork: host.singleWork,
    log,
    sweepMs,
    onOutcome: ({ name: event, outcome }) => countEvent(name, event, outcome),
  })
  /** Before the module's own first page. */
  const checkStored = async (after: string | undefined): Promise<CheckedPage> => {
    const lost = after === undefined ? await findLostVersions(database, schema, fetchKeys) : []
    const page = await (parts.checkStored?.(after) ?? { checked: {}, faults: [] })
    return { ...page, faults: [...lost, ...page.faults] }
  }
  const kinds = bindings.map(({ definition: { kind } }) => kind)
  const removeMeasures = addMeasures(moduleMeasures(name, database, kinds, parts.measures))

  // Beside the authority's own: entries lie in every module's database.
  const routes = keysHere
    ? (app: PublicApp) => {
        parts.routes?.(app)
        usageRoutes(app, usage)
        auditRoutes(app, host.modules, (module) => host.platformClient(name, module))
      }
    : parts.routes

  const tellings = tellingOf({ module: name, database, authority: host.authority, modules: host.modules, platformClient: host.platformClient, everyMs: sweepMs * 10, log })

  let purge: ReturnType<typeof setInterval> | undefined

  const timelineSources = {
    database, kinds,
    families: [...new Set(definition.publishes.map(({ name: event }) => familyOf(event)))],
    subscriptions: Object.entries(definition.subscribes).flatMap(([publisher, families]) => families.map((family) => `${publisher}/${family}`)),
    history: parts.history,
  }

  const internal = new Hono()
  const contract: Contract = definition.contract
  mountContract(
    internal,
    { module: name, operations: { ...contract.operations, ...platformOperations } },
    {
      ...parts.handlers,
      ...platformHandlers(timelineSources, fetchPage, () => host.measured(name), checkStored, parts.usage),
      countSealed: async ({ subjects }) => ({ left: await countSealedBefore({ schema, database, files }, subjects) }),
    },
    { tokens: host.tokens, log },
  )
  mountDocuments(internal, { module: name, secret: host.serviceSecret, blobs, tokens: host.tokens, log })
  mountExport(internal, { module: name, database, exports: parts.exports, tokens: host.tokens, log })
  mountBackup(internal, {
    module: name,
    version: host.version,
    schema,
    databaseUrl: url,
    keyTables: definition.keyTables ?? [],
    files,
    late: parts.late,
    tokens: host.tokens,
    log,
  })

  return {
    name,
    database,
    parts,
    internal,
    mountPublic: (app) => routes && mountPublicRoutes(app, routes),
    async startConsumers() {
      const purgeOld = () => void purgeIdempotency(database).catch((error: unknown) => log.warn({ err: error }, 'purge'))
      // At once too: a process that is restarted every night would never come to it.
      purgeOld()
      purge = setInterval(purgeOld, PURGE_MS)
      purge.unref?.()
      await runner.start()
      inbox.start(bus)
      for (const telling of tellings) telling.start()
    },
    startRelay: () => relay.start(),
    async stopWork() {
      clearInterval(purge)
      for (const telling of tellings) await telling.stop()
      await relay.stop()
      await inbox.stop()
      await runner.stop()
      await doorbell.close()
    },
    async close() {
      removeMeasures()
      await parts.stop?.()
      await database.close()
    },
  }
}

/** One span around every transaction, from its wait in the queue to its durable commit. */
function tracedTransactions<T>(database: PlatformDatabase<T>): PlatformDatabase<T> {
  const attributes = { 'vellum.module': database.module }
  return {
    ...database,
    transaction: (work, options) => span('transaction', attributes, () => database.transaction(work, options)),
    platformTransaction: (work, options) =>
      span('transaction', attributes, () => database.platformTransaction(work, options)),
  }
}

/** The outbox row carries the trace on, so that handlers elsewhere hang below this span. */
const tracedPublish =
  (publish: TransactionHooks['publish']): TransactionHooks['publish'] =>
  (tx, event, organizationId, data) =>
    span(`publish ${event.name}`, {}, () => publish(tx, event, organizationId, data))

/** The authority reads data keys from its own database: a call to itself could not work before it listens. */
function ownKeys(handlers: Handlers<Contract>): ((subjects: string[]) => Promise<readonly FetchedKey[]>) | undefined {
  const { dataKeys } = handlers as Partial<Handlers<ReturnType<typeof authorityContract<string>>>>
  if (!dataKeys) return undefined
  return async (subjects) => (await dataKeys({ subjects }, { signal: new AbortController().signal, caller: 'platform' })).keys
}
