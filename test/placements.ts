import { randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import { createClient } from '#platform/call/client.ts'
import { createServiceTokens } from '#platform/call/service-token.ts'
import { httpTransport } from '#platform/call/transport.ts'
import type { Client, Contract } from '#platform/contract.ts'
import { createInstallation, type Installation } from './installation.ts'
import { startAnvil, type Anvil } from './servers/anvil.ts'
import { startPostgres } from './servers/postgres.ts'

/** Where scenarios run: how many processes of which runtime, on which database, and how modules reach each other. */
export interface Placement {
  readonly name: string
  readonly dialect: 'sqlite' | 'postgres'
  /** Of Vellum itself; databases and chains are not counted. */
  readonly processes: number
  start(): Promise<Placed>
}

/** A running installation with a chain and, where it needs one, a database of its own. */
export interface Placed {
  readonly installation: Installation
  readonly anvil: Anvil
  /** Calls a module's contract through the internal listener, as the command line does. */
  client<C extends Contract>(contract: C): Client<C>
  /** Ends everything and removes its files. Answers the exit status of the stopped process: 0 when it ended in order. */
  stop(): Promise<number>
}

interface Kind {
  readonly name: string
  readonly dialect: Placement['dialect']
  readonly environment?: Record<string, string>
  readonly command?: string[]
}

/** Short waits, so that a scenario takes seconds. */
const impatient = {
  STEP_RETRY_BASE_MS: '200',
  SWEEP_INTERVAL_MS: '200',
  CHECKPOINT_INTERVAL_MS: '50',
  ANCHOR_INTERVAL_MS: '300',
  ANCHOR_POLL_MS: '50',
  RENDER_WORKERS: '1',
}

/** Every internal call over loopback HTTP; every write and every event twice. */
const wire = { INTERNAL_CALLS: 'loopback', DELIVER_TWICE: 'true' }

const root = resolve(import.meta.dirname, '..')
const deno = ['deno', 'run', '-A', '--node-modules-dir=manual', join(root, 'src/main.ts')]
const denoEnvironment = { DENO_DIR: join(root, '.cache/deno'), DENO_NO_UPDATE_CHECK: '1' }

async function start({ dialect, environment, command }: Kind): Promise<Placed> {
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
]

/** All placements in which every scenario must pass. */
export const placements: readonly Placement[] = kinds.map((kind) => ({
  name: kind.name,
  dialect: kind.dialect,
  processes: 1,
  start: () => start(kind),
}))
