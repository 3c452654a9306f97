import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Agent, fetch, type RequestInit, type Response } from 'undici'
import { nodeEnvironment } from './node-environment.ts'
import { createServerProcess, internalUrlOf, planProcesses, type ServerProcess, type Share } from './processes.ts'
import { freePort } from './servers/free-port.ts'
import { startRoundRobin } from './servers/round-robin.ts'
import { startSupervised } from './servers/supervised.ts'

const root = resolve(import.meta.dirname, '..')

export type InstallationOptions = {
  /** Settings beyond the ports, the public address and the folders. */
  environment?: Record<string, string>
  /** Where it keeps everything. Default: a temporary folder that goes with this process. */
  directory?: string
  /** The port of its public listener, to come back where another has been. Default: a free one. */
  port?: number
  /** PEM files; with them it speaks https. `ca` is the certificate as text, which the client here trusts. */
  tls?: { certFile: string, keyFile: string, ca: string }
  /** PEM: what processes show to each other, and the client here to them. `certFile` is its own authority, and that of `tls`. */
  internalTls?: { certFile: string, keyFile: string, cert: string, key: string }
  /** Default: what a person types, `./scripts/start`. */
  command?: string[]
  /** The command line. Default: that of the sources. */
  cli?: string[]
  /** What runs where. Default: everything in one process. */
  shares?: readonly Share[]
}

/** A Vellum in one process or several, one after another on the same folder and ports. */
export type Installation = {
  readonly publicUrl: string
  /** Of its first process. */
  readonly internalUrl: string
  readonly directory: string
  readonly dataDir: string
  readonly mailDir: string
  /** What every process of it is given as environment; when there is one, all that it is given. */
  readonly environment: Readonly<Record<string, string>>
  readonly processes: readonly ServerProcess[]
  /** The internal listeners that answer for a module. */
  addressesOf(module: string): readonly string[]
  /** Everything that all its processes have printed so far. */
  output(): string
  /** Starts all; by default waits until they are ready. */
  start(options?: { wait?: boolean }): Promise<void>
  /** `kill -9` to all. */
  kill(): Promise<void>
  /** SIGTERM to all; answers the exit status, of several the largest. */
  stop(): Promise<number>
  /** The process that runs now, of several the first. */
  readonly pid: Promise<number>
  /** The exit status of that process, once it has ended. */
  readonly exited: Promise<number>
  /** A request to the public listener: a path, or a whole address on it. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** Runs the command line with the environment of a process, of several each in its turn. */
  cli(...args: string[]): Promise<{ status: number, stdout: string, stderr: string }>
  /** Kills what runs, closes connections, removes the folder if it was made here. */
  remove(): Promise<void>
}

/** Prepares an installation on free ports of this machine; `start` starts it. */
export async function createInstallation(options: InstallationOptions = {}): Promise<Installation> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'vellum-'))
  // Holds nothing but the folder: it goes even when this process is killed.
  const folder = options.directory === undefined
    ? startSupervised({ directory, command: ['sleep', '2147483647'], signal: 'KILL' })
    : undefined
  const { tls, internalTls } = options
  const between: Record<string, string> = internalTls
    ? { INTERNAL_TLS_CERT_FILE: internalTls.certFile, INTERNAL_TLS_KEY_FILE: internalTls.keyFile, INTERNAL_TLS_CA_FILE: internalTls.certFile }
    : {}
  const dataDir = join(directory, 'data')
  const planned = options.shares
    ? await planProcesses(options.shares, directory, between)
    : [{ name: 'all', modules: ['all'], environment: { PORT: String(options.port ?? (await freePort())), INTERNAL_PORT: String(await freePort()), DATA_DIR: dataDir } }]
  const fronts = planned.filter(({ modules }) => modules.includes('all') || modules.includes('gateway'))
  const publicPort = fronts.length === 1 ? fronts[0]!.environment.PORT : String(await freePort())
  const publicUrl = `${tls ? 'https' : 'http'}://localhost:${publicPort}`
  const mailDir = join(directory, 'mail')
  const common = {
    PUBLIC_URL: publicUrl,
    MAIL_DIR: mailDir,
    ...(tls && { TLS_CERT_FILE: tls.certFile, TLS_KEY_FILE: tls.keyFile }),
    ...between,
    ...options.environment,
  }
  const balancer = fronts.length > 1
    ? await startRoundRobin(Number(publicPort), fronts.map(({ environment }) => Number(environment.PORT)))
    : undefined
  const agent = new Agent({ connections: 128, connect: {
    ...(tls && { ca: tls.ca }),
    ...(internalTls && { cert: internalTls.cert, key: internalTls.key }),
  } })
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(new URL(path, publicUrl), { redirect: 'manual', dispatcher: agent, ...init })
  const chunks: Buffer[] = []
  const ready = async (address: string): Promise<void> => {
    const response = await ask(new URL('/readyz', address).href)
    const text = await response.text()
    if (!response.ok) throw new Error(`${address}/readyz answers ${response.status}: ${text}`)
  }
  const processes = planned.map(({ name, modules, environment }) =>
    createServerProcess({
      name,
      modules,
      environment: { ...environment, ...common },
      command: options.command ?? [join(root, 'scripts/start')],
      onOutput: (chunk) => chunks.push(chunk),
      ready: async () => {
        if (options.shares) await ready(internalUrlOf({ ...between, ...environment }))
        if (modules.includes('all') || modules.includes('gateway')) await ready(publicUrl)
      },
    }))
  const [first] = processes as [ServerProcess, ...ServerProcess[]]
  let turn = 0

  return {
    publicUrl,
    internalUrl: first.internalUrl,
    directory,
    dataDir,
    mailDir,
    environment: options.shares ? common : first.environment,
    processes,
    addressesOf: (module) =>
      processes.filter(({ modules }) => modules.includes('all') || modules.includes(module)).map(({ internalUrl }) => internalUrl),
    output: () => Buffer.concat(chunks).toString(),
    get pid() {
      return first.pid
    },
    get exited() {
      return first.exited
    },
    start: async (how) => void (await Promise.all(processes.map((one) => one.start(how)))),
    kill: async () => void (await Promise.all(processes.map((one) => one.kill()))),
    stop: async () => Math.max(...(await Promise.all(processes.map((one) => one.stop())))),
    fetch: ask,
    cli: (...args) => new Promise((done, fail) => {
      const { environment } = processes[turn++ % processes.length]!
      const [program = '', ...given] = options.cli ?? [process.execPath, join(root, 'src/cli.ts')]
      const child = spawn(program, [...given, ...args], {
        env: { ...nodeEnvironment(), ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let stdout = ''
      let stderr = ''
      child.stdout.on('data', (chunk) => { stdout += String(chunk) })
      child.stderr.on('data', (chunk) => { stderr += String(chunk) })
      child.once('error', fail)
      child.once('close', (status) => done({ status: status ?? 137, stdout, stderr }))
    }),
    async remove() {
      await Promise.all(processes.map((one) => one.kill()))
      await balancer?.stop()
      await agent.destroy()
      await folder?.stop()
      if (folder) rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** An API client of a new organization, and what it says to the public API. */
export type Account = {
  readonly slug: string
  /** The `Authorization` header of a valid token. */
  authorization(): Promise<string>
  /** A request with a valid token; a new one is fetched before the old one ends. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** A GET that must succeed, as JSON. */
  get<T>(path: string): Promise<T>
}

/** Makes an organization and a client with every scope, by the command line. */
export async function createAccount(installation: Pick<Installation, 'cli' | 'fetch'>, slug: string, name: string): Promise<Account> {
  await succeed(installation.cli('organization', 'create', slug, '--name', name, '--json'))
  const made = JSON.parse(await succeed(installation.cli('client', 'create', '--organization', slug, '--json'))) as {
    client_id: string, client_secret: string
  }
  const basic = Buffer.from(`${encodeURIComponent(made.client_id)}:${encodeURIComponent(made.client_secret)}`).toString('base64')
  let token: Promise<string> | undefined
  let until = 0
  const mint = async (): Promise<string> => {
    const response = await installation.fetch('/oauth/token', {
      method: 'POST',
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'grant_type=client_credentials',
    })
    const body = await response.json() as { access_token: string, expires_in: number }
    if (!response.ok) throw new Error(`/oauth/token answers ${response.status}: ${JSON.stringify(body)}`)
    until = Date.now() + body.expires_in * 900
    return body.access_token
  }
  const bearer = (): Promise<string> => {
    if (!token || Date.now() > until) {
      until = Number.POSITIVE_INFINITY
      token = mint()
      token.catch(() => { token = undefined })
    }
    return token
  }
  const account: Account = {
    slug,
    authorization: async () => `Bearer ${await bearer()}`,
    fetch: async (path, init = {}) =>
      installation.fetch(path, { ...init, headers: { ...init.headers as Record<string, string>, authorization: await account.authorization() } }),
    async get<T>(path: string) {
      const response = await account.fetch(path)
      if (!response.ok) throw new Error(`GET ${path} answers ${response.status}: ${await response.text()}`)
      return await response.json() as T
    },
  }
  return account
}

async function succeed(command: Promise<{ status: number, stdout: string, stderr: string }>): Promise<string> {
  const { status, stdout, stderr } = await command
  if (status !== 0) throw new Error(`A command ended with ${status}: ${stderr}`)
  return stdout
}
