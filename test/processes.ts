import { join } from 'node:path'
import { freePort } from './servers/free-port.ts'
import { startSupervised, untilReady, type Supervised } from './servers/supervised.ts'

/** Modules that run in one process, `gateway` among them or not, and how many such processes there are. */
export interface Share {
  readonly modules: readonly string[]
  /** 1 unless told. */
  readonly replicas?: number
  /** What these processes alone are given. */
  readonly environment?: Readonly<Record<string, string>>
}

export interface StartOptions {
  /** False: it is on its way, no more. */
  readonly wait?: boolean
  /** What it is given this time and not the next. */
  readonly environment?: Readonly<Record<string, string>>
}

/** A process of an installation: one after another on the same folder and ports. */
export interface ServerProcess {
  /** Its modules, and which of their replicas it is: `identity`, `issuance-2`. */
  readonly name: string
  readonly modules: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly internalUrl: string
  /** Starts it; by default waits until it is ready. */
  start(options?: StartOptions): Promise<void>
  /** `kill -9`. */
  kill(): Promise<void>
  /** SIGTERM; answers the exit status. */
  stop(): Promise<number>
  readonly pid: Promise<number>
  /** Its exit status, once it has ended. */
  readonly exited: Promise<number>
}

export interface ServerOptions {
  readonly name: string
  readonly modules: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly command: string[]
  readonly onOutput: (chunk: Buffer) => void
  /** Throws while it is not ready. */
  readonly ready: () => Promise<void>
}

/** A server that can be started, killed and started again. */
export function createServerProcess({ name, modules, environment, command, onOutput, ready }: ServerOptions): ServerProcess {
  let server: Supervised | undefined
  const signal = async (kind: NodeJS.Signals): Promise<number> => {
    if (!server) return 0
    const ended = server
    try {
      process.kill(await ended.pid, kind)
    } catch {
      // It ended by itself.
    }
    return ended.exited
  }
  return {
    name,
    modules,
    environment,
    internalUrl: internalUrlOf(environment),
    async start({ wait = true, environment: once } = {}) {
      server = startSupervised({ command, env: { ...environment, ...once }, signal: 'KILL', onOutput })
      if (wait) await untilReady(server, ready)
    },
    kill: async () => void (await signal('SIGKILL')),
    stop: () => signal('SIGTERM'),
    get pid() {
      return server ? server.pid : Promise.reject(new Error(`${name} does not run.`))
    },
    get exited() {
      return server ? server.exited : Promise.resolve(0)
    },
  }
}

export interface PlannedProcess {
  readonly name: string
  readonly modules: readonly string[]
  /** What tells it from the others. */
  readonly environment: Readonly<Record<string, string>>
}

/** Where a process with these settings listens for the others. */
export const internalUrlOf = (environment: Readonly<Record<string, string | undefined>>): string =>
  `${environment.INTERNAL_TLS_CERT_FILE ? 'https' : 'http'}://127.0.0.1:${environment.INTERNAL_PORT}`

/** Gives each process its ports and its folder, and tells it where the others are. `common`: what all of them are given. */
export async function planProcesses(shares: readonly Share[], directory: string, common: Readonly<Record<string, string>>): Promise<PlannedProcess[]> {
  const processes: { name: string; modules: readonly string[]; port: number; internalPort: number; own: Share['environment'] }[] = []
  for (const { modules, replicas = 1, environment: own } of shares) {
    for (let replica = 1; replica <= replicas; replica++) {
      const name = modules.join('+') + (replica > 1 ? `-${replica}` : '')
      processes.push({ name, modules, port: await freePort(), internalPort: await freePort(), own })
    }
  }
  const addresses: Record<string, string[]> = {}
  for (const { modules, internalPort } of processes) {
    for (const module of modules) if (module !== 'gateway') (addresses[module] ??= []).push(internalUrlOf({ ...common, INTERNAL_PORT: String(internalPort) }))
  }
  // Everyone is told where everyone is, as one file of settings for all would; a process passes over what it hosts.
  const urls = Object.fromEntries(Object.entries(addresses).map(([module, own]) => [`${module.toUpperCase()}_URL`, own.join(',')]))
  return processes.map(({ name, modules, port, internalPort, own }) => ({
    name,
    modules,
    environment: {
      MODULES: modules.join(','),
      PORT: String(port),
      INTERNAL_PORT: String(internalPort),
      DATA_DIR: join(directory, 'data', name),
      BLOBS_DIR: join(directory, 'data', 'blobs'),
      ...urls,
      ...own,
    },
  }))
}
