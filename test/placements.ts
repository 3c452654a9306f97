import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createClient } from '#platform/call/client.ts'
import { createOpenDocument, type OpenDocument } from '#platform/call/documents.ts'
import { createServiceTokens } from '#platform/call/service-token.ts'
import { httpTransport } from '#platform/call/transport.ts'
import type { Client, Contract } from '#platform/contract.ts'
import { ownCertificate } from '../scripts/lib/demo/own-certificate.ts'
import { createInstallation, type Installation } from './installation.ts'
import { startAnvil, type Anvil } from './servers/anvil.ts'
import { startPostgres } from './servers/postgres.ts'

/** Where scenarios run: how many processes of which runtime, on which database, and how modules reach each other. */
export interface Placement {
  readonly name: string
  readonly dialect: 'sqlite' | 'postgres'
  /** Of Vellum itself; databases and chains are not counted. */
  readonly processes: number
  /** Beyond what is asked of every change. */
  readonly long: boolean
  start(): Promise<Placed>
}

/** A running installation with a chain and, where it needs one, a database of its own. */
export interface Placed {
  readonly installation: Installation
  readonly anvil: Anvil
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
  readonly tls?: boolean
  readonly long?: boolean
}

/** Short waits, so that a scenario takes seconds. */
const impatient = {
  STEP_RETRY_BASE_MS: '200',
  SWEEP_INTERVAL_MS: '200',
  CHECKPOINT_INTERVAL_MS: '50',
  ANCHOR_INTERVAL_MS: '300',
  ANCHOR_POLL_MS: '50',
  RENDER_WORKERS: '1',
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
const deno = ['deno', 'run', '-A', '--node-modules-dir=manual', join(root, 'src/main.ts')]
const denoEnvironment = { DENO_DIR: join(root, '.cache/deno'), DENO_NO_UPDATE_CHECK: '1' }

async function start({ dialect, environment, command, tls }: Kind): Promise<Placed> {
  const stops: (() => Promise<unknown>)[] = []
  const stopAll = async () => {
    for (const stop of stops.splice(0).reverse()) await stop()
  }
  try {
    const anvil = await startAnvil()
    stops.push(() => anvil.stop())
    const postgres = dialect === 'postgres' ? await startPostgres() : undefined
    if (postgres) stops.push(() => postgres.stop())
    const secret = randomBytes(32).toString('base64url')
    const installation = await createInstallation({
      ...(command && { command }),
      ...(tls && { tls: await certificate(stops) }),
      environment: {
        ...impatient,
        LOG_LEVEL: 'warn',
        MASTER_KEY: randomBytes(32).toString('base64'),
        SERVICE_SECRET: secret,
        EVM_RPC_URL: anvil.url,
        ANCHOR_PRIVATE_KEY: anvil.accounts[0]!.privateKey,
        ...(postgres && { DATABASE_URL: await postgres.createDatabase() }),
        ...environment,
      },
    })
    stops.push(() => installation.remove())
    await installation.start()
    const caller = { module: 'cli', tokens: createServiceTokens(new TextEncoder().encode(secret)) }
    return {
      installation,
      anvil,
      client: (contract) => createClient(contract, httpTransport(installation.internalUrl), caller),
      openDocument: createOpenDocument(() => httpTransport(installation.internalUrl), caller),
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

const kinds: readonly Kind[] = [
  { name: 'mono-sqlite', dialect: 'sqlite' },
  { name: 'wire-sqlite', dialect: 'sqlite', environment: wire },
  { name: 'mono-postgres', dialect: 'postgres' },
  { name: 'wire-postgres', dialect: 'postgres', environment: wire },
  { name: 'mono-sqlite-deno', dialect: 'sqlite', command: deno, environment: denoEnvironment },
  { name: 'mono-sqlite-tls', dialect: 'sqlite', tls: true, long: true },
  { name: 'wire-sqlite-deno', dialect: 'sqlite', command: deno, environment: { ...denoEnvironment, ...wire }, long: true },
]

/** All placements in which every scenario must pass: the first five at every change, with TLS and Deno on the wire too. */
export const placements: readonly Placement[] = kinds.map((kind) => ({
  name: kind.name,
  dialect: kind.dialect,
  processes: 1,
  long: kind.long ?? false,
  start: () => start(kind),
}))
