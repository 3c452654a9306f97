import { ConfigurationError, type Environment } from './config.ts'
import { checkTopology, type ModuleNeeds, readTopology } from './topology.ts'

/** One process of a plan. */
export interface PlannedProcess {
  /** To set, beyond what is set now. */
  readonly environment: Readonly<Record<string, string>>
  /** Set now, and to be the same in this process: told by name, because some are secrets. */
  readonly same: readonly string[]
}

export interface SplitPlan {
  readonly module: string
  readonly alone: PlannedProcess
  readonly rest: PlannedProcess
  /** What must be there before the processes start, a sentence each. */
  readonly needs: readonly string[]
}

export interface SplitOrder {
  readonly module: string
  /** All of the program, with what each needs, the authority among what it uses. */
  readonly modules: Readonly<Record<string, ModuleNeeds>>
  /** Whoever keeps the keys. */
  readonly authority: string
  /** As it is now. */
  readonly environment: Environment
  /** Settings of each module. */
  readonly settingsOf: (module: string) => readonly string[]
  /** Of the internal listeners to be: `http://host:port`. */
  readonly addresses: { readonly alone: string; readonly rest: string }
}

/** What only one process has, or what the plan itself sets. */
const own = new Set([
  'MODULES', 'PORT', 'HOST', 'INTERNAL_PORT', 'INTERNAL_HOST', 'DATA_DIR', 'TLS_CERT_FILE', 'TLS_KEY_FILE',
  'MASTER_KEY', 'MASTER_KEY_FILE', 'SERVICE_SECRET', 'SERVICE_SECRET_FILE',
])

/**
 * The environments of two processes that do together what one does now, held against the same checks as a start.
 * Throws `ConfigurationError` when there is no such plan.
 */
export function planSplit(order: SplitOrder, platformSettings: readonly string[]): SplitPlan {
  const { module, modules, authority, environment, settingsOf, addresses } = order
  const known = Object.keys(modules)
  const now = readTopology(environment.MODULES || 'all', known, environment)
  if (!now.hosted.includes(module)) {
    throw new ConfigurationError([`MODULES: ${module} does not run in this process, so it cannot be split off; choose from ${now.hosted.join(', ')}.`])
  }
  const others = now.hosted.filter((name) => name !== module)
  if (others.length === 0) throw new ConfigurationError([`MODULES: ${module} runs alone already.`])

  const elsewhere = Object.fromEntries(Object.keys(now.remote).map((name) => [urlOf(name), environment[urlOf(name)] ?? '']))
  const used = (names: readonly string[]) => new Set(names.flatMap((name) => [...modules[name]!.uses, ...modules[name]!.hears]))
  const restUrls = Object.fromEntries(others.filter((name) => used([module]).has(name)).map((name) => [urlOf(name), addresses.rest]))
  const postgres = environment.DATABASE_URL?.startsWith('postgres') ?? false
  const dataDir = environment.DATA_DIR ?? './data'
  const shared = environment.REDIS_URL ? undefined : { REDIS_URL: 'redis://redis:6379' }
  const alone = {
    MODULES: module,
    ...listener(addresses.alone),
    DATA_DIR: `${dataDir}-${module}`,
    BLOBS_DIR: environment.BLOBS_DIR ?? `${dataDir}/blobs`,
    ...shared,
    ...restUrls,
    ...elsewhere,
  }
  const rest = {
    MODULES: [...others, ...(now.front ? ['gateway'] : [])].join(','),
    ...listener(addresses.rest),
    ...shared,
    ...elsewhere,
    [urlOf(module)]: addresses.alone,
  }
  for (const planned of [alone, rest]) {
    const topology = readTopology(planned.MODULES, known, planned)
    checkTopology(topology, Object.fromEntries(topology.hosted.map((name) => [name, modules[name]!])), { redis: true })
  }

  const isSet = (name: string) => environment[name] !== undefined && environment[name] !== ''
  const mine = (names: readonly string[], holdsKeys: boolean) => [
    ...platformSettings.filter((name) => !own.has(name)),
    ...names.flatMap(settingsOf).filter((name) => !own.has(name)),
    ...(holdsKeys ? ['MASTER_KEY', 'MASTER_KEY_FILE'] : []),
    'SERVICE_SECRET', 'SERVICE_SECRET_FILE',
  ].flatMap((name) => [name, `${name}_FILE`]).filter((name, at, all) => isSet(name) && all.indexOf(name) === at)
  const secret = isSet('SERVICE_SECRET') || isSet('SERVICE_SECRET_FILE')
  return {
    module,
    alone: { environment: withPublicUrl(alone, environment), same: mine([module], module === authority).filter((name) => !(name in alone)) },
    rest: { environment: rest, same: [...mine(others, others.includes(authority)), ...front(isSet, now.front)].filter((name) => !(name in rest)) },
    needs: [
      ...(postgres ? [] : [`Postgres: two processes cannot share a folder of SQLite files. Move ${module} to a database of its own: vellum topology move`]),
      ...(environment.REDIS_URL === undefined ? ['Redis, with maxmemory-policy noeviction and appendonly yes: events between processes travel by it.'] : []),
      ...(secret ? [] : ['SERVICE_SECRET, the same in both: it signs the calls between them. Make one with: openssl rand -base64 48']),
      ...(isSet('S3_URL') || isSet('S3_URL_FILE') ? [] : [`The files of ${module}, in BLOBS_DIR: on another machine, bring ${alone.BLOBS_DIR}/${module} there.`]),
      `A way from each process to the other's internal listener, ${addresses.alone} and ${addresses.rest}, and none to them from outside.`,
    ],
  }
}

const urlOf = (module: string): string => `${module.toUpperCase()}_URL`

function listener(address: string): Record<string, string> {
  const { port, protocol } = new URL(address)
  return { INTERNAL_HOST: '0.0.0.0', INTERNAL_PORT: port || (protocol === 'https:' ? '443' : '80') }
}

/** It stands in addresses that a module makes, and its default names this process. */
const withPublicUrl = (planned: Record<string, string>, environment: Environment): Record<string, string> =>
  environment.PUBLIC_URL ? planned : { ...planned, PUBLIC_URL: `http://localhost:${environment.PORT ?? 3000}` }

const front = (isSet: (name: string) => boolean, isFront: boolean): string[] =>
  isFront ? ['PORT', 'HOST', 'TLS_CERT_FILE', 'TLS_KEY_FILE', 'DATA_DIR'].filter(isSet) : ['DATA_DIR'].filter(isSet)
