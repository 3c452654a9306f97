import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Agent, fetch, type RequestInit, type Response } from 'undici'
import { freePort } from './servers/free-port.ts'
import { startSupervised, untilReady, type Supervised } from './servers/supervised.ts'

const root = resolve(import.meta.dirname, '..')

export type InstallationOptions = {
  /** Settings beyond the ports, the public address and the folders. */
  environment?: Record<string, string>
  /** Where it keeps everything. Default: a temporary folder that goes with this process. */
  directory?: string
  /** PEM files; with them it speaks https. `ca` is the certificate as text, which the client here trusts. */
  tls?: { certFile: string, keyFile: string, ca: string }
  /** Default: what a person types, `./scripts/start`. */
  command?: string[]
}

/** A Vellum in processes of its own, one after another on the same folder and ports. */
export type Installation = {
  readonly publicUrl: string
  readonly internalUrl: string
  readonly directory: string
  readonly dataDir: string
  readonly mailDir: string
  /** What a process of it, or a command, is given as environment. */
  readonly environment: Readonly<Record<string, string>>
  /** Everything that all its processes have printed so far. */
  output(): string
  /** Starts the process; by default waits until it is ready. */
  start(options?: { wait?: boolean }): Promise<void>
  /** `kill -9`. */
  kill(): Promise<void>
  /** SIGTERM; answers the exit status. */
  stop(): Promise<number>
  /** The process that runs now. */
  readonly pid: Promise<number>
  /** The exit status of the process that runs now, once it has ended. */
  readonly exited: Promise<number>
  /** A request to the public listener: a path, or a whole address on it. */
  fetch(path: string, init?: RequestInit): Promise<Response>
  /** Runs the command line with its environment. */
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
  const [port, internalPort] = [await freePort(), await freePort()]
  const { tls } = options
  const publicUrl = `${tls ? 'https' : 'http'}://localhost:${port}`
  const internalUrl = `http://127.0.0.1:${internalPort}`
  const dataDir = join(directory, 'data')
  const mailDir = join(directory, 'mail')
  const environment = {
    PORT: String(port),
    INTERNAL_PORT: String(internalPort),
    PUBLIC_URL: publicUrl,
    DATA_DIR: dataDir,
    MAIL_DIR: mailDir,
    ...(tls && { TLS_CERT_FILE: tls.certFile, TLS_KEY_FILE: tls.keyFile }),
    ...options.environment,
  }
  const agent = new Agent({ connections: 128, ...(tls && { connect: { ca: tls.ca } }) })
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(new URL(path, publicUrl), { redirect: 'manual', dispatcher: agent, ...init })
  const chunks: Buffer[] = []
  let server: Supervised | undefined
  const signal = async (name: NodeJS.Signals): Promise<number> => {
    if (!server) return 0
    const ended = server
    try {
      process.kill(await ended.pid, name)
    } catch {
      // It ended by itself.
    }
    return ended.exited
  }

  return {
    publicUrl,
    internalUrl,
    directory,
    dataDir,
    mailDir,
    environment,
    output: () => Buffer.concat(chunks).toString(),
    get pid() {
      return server ? server.pid : Promise.reject(new Error('No process runs.'))
    },
    get exited() {
      return server ? server.exited : Promise.resolve(0)
    },
    async start({ wait = true } = {}) {
      const started = startSupervised({
        command: options.command ?? [join(root, 'scripts/start')],
        env: environment,
        signal: 'KILL',
        onOutput: (chunk) => chunks.push(chunk),
      })
      server = started
      if (!wait) return
      await untilReady(started, async () => {
        const response = await ask('/readyz')
        await response.body?.cancel()
        if (!response.ok) throw new Error(`/readyz answers ${response.status}`)
      })
    },
    kill: async () => void (await signal('SIGKILL')),
    stop: () => signal('SIGTERM'),
    fetch: ask,
    cli: (...args) => new Promise((done, fail) => {
      const child = spawn(process.execPath, [join(root, 'src/cli.ts'), ...args], {
        env: { PATH: process.env.PATH, ...environment },
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
      await signal('SIGKILL')
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
export async function createAccount(installation: Installation, slug: string, name: string): Promise<Account> {
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
