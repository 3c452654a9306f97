import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createAddresses } from '#platform/call/addresses.ts'
import { createClient } from '#platform/call/client.ts'
import { createInternalAgent } from '#platform/call/internal-agent.ts'
import { createOpenDocument, type OpenDocument } from '#platform/call/documents.ts'
import { createServiceTokens } from '#platform/call/service-token.ts'
import { httpTransport } from '#platform/call/transport.ts'
import type { Client, Contract } from '#platform/contract.ts'
import { ownCertificate } from '../scripts/lib/demo/own-certificate.ts'
import { builtExecutable } from './executable.ts'
import { createInstallation, type Installation } from './installation.ts'
import { moduleNames } from './module-names.ts'
import { startAnvil, type Anvil } from './servers/anvil.ts'
import { type OpenIdProvider, startOpenIdProvider } from './servers/openid-provider.ts'
import type { Share } from './processes.ts'
import { startPostgres } from './servers/postgres.ts'
import { startRedis } from './servers/redis.ts'
import { startS3 } from './servers/s3.ts'

/** Where scenarios run: how many processes of which runtime, on which database, and how modules reach each other. */
export interface Placement {
  readonly name: string
  readonly dialect: 'sqlite' | 'postgres'
  /** Of Vellum itself; databases and chains are not counted. */
  readonly processes: number
  /** Beyond what is asked of every change. */
  readonly long: boolean
  /** The module that has a process to itself beside all the others. */
  readonly alone: string | undefined
  start(): Promise<Placed>
}

/** A running installation with a chain and, where it needs one, a database of its own. */
export interface Placed {
  readonly installation: Installation
  readonly anvil: Anvil
  /** A provider of an organization's own, which the installation may reach. */
  readonly openIdProvider: OpenIdProvider
  /** Calls a module's contract through the internal listener, as the command line does. */
  client<C extends Contract>(contract: C): Client<C>
  /** Follows a link that a contract answered with, as another module does. */
  openDocument: OpenDocument
  /** Ends everything and removes its files. Answers the exit status of the stopped process: 0 when it ended in order. */
  stop(): Promise<number>
}

interface Kind {
  readonly name: string
  readonly dialect: Placement['dialect']
  readonly environment?: Record<string, string>
  readonly command?: string[]
  /** The single executable, built first: it is the server and the command line. */
  readonly executable?: boolean
  /** Sealed files go into a bucket. */
  readonly bucket?: boolean
  /** At the public listener, and where there are several processes, between them. */
  readonly tls?: boolean
  readonly long?: boolean
  /** What runs where; everything in one process unless told. Several find each other's events through Redis. */
  readonly shares?: readonly Share[]
  readonly alone?: string
}

/** Short waits, so that a scenario takes seconds. */
const impatient = {
  STEP_RETRY_BASE_MS: '200',
  SWEEP_INTERVAL_MS: '200',
  REVOCATION_POLL_MS: '500',
  TOKEN_KEY_LEAD_SECONDS: '2',
  CHECKPOINT_INTERVAL_MS: '50',
  ANCHOR_INTERVAL_MS: '300',
  ANCHOR_POLL_MS: '50',
  RENDER_WORKERS: '1',
  DATA_KEY_SECONDS: '3',
  VC_API: '*',
}

/** Every internal call over loopback HTTP; every write and every event twice. */
const wire = { INTERNAL_CALLS: 'loopback', DELIVER_TWICE: 'true' }

/** Files of a certificate, gone with the rest. */
async function certificate(stops: (() => Promise<unknown>)[]) {
  const directory = await mkdtemp(join(tmpdir(), 'vellum-tls-'))
  stops.push(() => rm(directory, { recursive: true, force: true }))
  return ownCertificate(directory)
}

const root = resolve(import.meta.dirname, '..')
const denoEnvironment = { DENO_DIR: join(root, '.cache/deno'), DENO_NO_UPDATE_CHECK: '1' }
/** The server on Deno. */
export const denoCommand = {
  command: ['deno', 'run', '-A', '--node-modules-dir=manual', join(root, 'src/main.ts')],
  environment: denoEnvironment,
}

async function start({ dialect, environment, command, executable, bucket, tls, shares }: Kind): Promise<Placed> {
  const stops: (() => Promise<unknown>)[] = []
  const stopAll = async () => {
    for (const stop of stops.splice(0).reverse()) await stop()
  }
  try {
    const anvil = await startAnvil()
    stops.push(() => anvil.stop())
    const openIdProvider = await startOpenIdProvider()
    stops.push(() => openIdProvider.stop())
    const postgres = dialect === 'postgres' ? await startPostgres() : undefined
    if (postgres) stops.push(() => postgres.stop())
    const redis = shares ? await startRedis() : undefined
    if (redis) stops.push(() => redis.stop())
    const s3 = bucket ? await startS3() : undefined
    if (s3) stops.push(() => s3.stop())
    const secret = randomBytes(32).toString('base64url')
    const file = executable ? await builtExecutable() : undefined
    const own = tls ? await certificate(stops) : undefined
    const internalTls = own && shares && { ...own, cert: own.ca, key: await readFile(own.keyFile, 'utf8') }
    const installation = await createInstallation({
      ...(command && { command }),
      ...(file && { command: [file], cli: [file] }),
      ...(own && { tls: own }),
      ...(internalTls && { internalTls }),
      ...(shares && { shares }),
      environment: {
        ...impatient,
        LOG_LEVEL: 'warn',
        MASTER_KEY: randomBytes(32).toString('base64'),
        SERVICE_SECRET: secret,
        EVM_RPC_URL: anvil.url,
        ANCHOR_PRIVATE_KEY: anvil.accounts[0]!.privateKey,
        SIGN_IN_PRIVATE_HOSTS: openIdProvider.host,
        ...(postgres && { DATABASE_URL: await postgres.createDatabase() }),
        ...(redis && { REDIS_URL: redis.url }),
        ...(s3 && { S3_URL: s3.url }),
        ...environment,
      },
    })
    stops.push(() => installation.remove())
    await installation.start()
    const caller = { module: 'cli', tokens: createServiceTokens(new TextEncoder().encode(secret)) }
    const dispatcher = internalTls && createInternalAgent({ ...internalTls, ca: internalTls.cert })
    stops.push(async () => dispatcher?.destroy())
    const transportTo = (module: string) => httpTransport(createAddresses(installation.addressesOf(module)), { dispatcher })
    return {
      installation,
      anvil,
      openIdProvider,
      client: (contract) => createClient(contract, transportTo(contract.module), caller),
      openDocument: createOpenDocument(transportTo, caller),
      async stop() {
        const status = await installation.stop()
        await stopAll()
        return status
      },
    }
  } catch (error) {
    await stopAll()
    throw error
  }
}


/** A process for each module and one for the front door. */
const each = (replicas: number): Share[] => [...moduleNames, 'gateway'].map((module) => ({ modules: [module], replicas }))

/** One module by itself, and everything else with the front door. */
const alone = (module: string): Kind => ({
  name: `alone-${module}`,
  dialect: 'postgres',
  shares: [{ modules: [module] }, { modules: [...moduleNames.filter((other) => other !== module), 'gateway'] }],
  alone: module,
})

const kinds: readonly Kind[] = [
  { name: 'mono-sqlite', dialect: 'sqlite' },
  { name: 'wire-sqlite', dialect: 'sqlite', environment: wire },
  { name: 'mono-postgres', dialect: 'postgres' },
  { name: 'wire-postgres', dialect: 'postgres', environment: wire, bucket: true },
  { name: 'mono-sqlite-deno', dialect: 'sqlite', ...denoCommand },
  { name: 'mono-sqlite-executable', dialect: 'sqlite', executable: true, long: true },
  { name: 'split', dialect: 'postgres', shares: each(1) },
  ...moduleNames.map(alone),
  { name: 'split-replicas', dialect: 'postgres', shares: each(2), long: true },
  { name: 'split-deno', dialect: 'postgres', shares: each(1), ...denoCommand, bucket: true, long: true },
  { name: 'split-executable', dialect: 'postgres', shares: each(1), executable: true, long: true },
  { name: 'split-tls', dialect: 'postgres', shares: each(1), tls: true, long: true },
  { name: 'mono-sqlite-tls', dialect: 'sqlite', tls: true, long: true },
  { name: 'wire-sqlite-deno', dialect: 'sqlite', ...denoCommand, environment: { ...denoEnvironment, ...wire }, long: true },
]

/**
 * All placements in which every scenario must pass: those that are not long at every change, of a module alone then only what
 * crosses its boundary.
 */
export const placements: readonly Placement[] = kinds.map((kind) => ({
  name: kind.name,
  dialect: kind.dialect,
  processes: (kind.shares ?? [{ modules: ['all'] }]).reduce((sum, { replicas = 1 }) => sum + replicas, 0),
  alone: kind.alone,
  long: kind.long ?? false,
  start: () => start(kind),
}))
