import { existsSync } from 'node:fs'
import { Agent, fetch as undiciFetch } from 'undici'
import { boot, type Program, socketPath } from '../boot.ts'
import { createAddresses } from '../call/addresses.ts'
import { createClient } from '../call/client.ts'
import { createInternalAgent } from '../call/internal-agent.ts'
import { createServiceTokens } from '../call/service-token.ts'
import { directTransport, type FetchHandler, httpTransport, type Transport } from '../call/transport.ts'
import { type Environment, readSettings } from '../config.ts'
import type { Client, Contract } from '../contract.ts'
import { openServiceSecret } from '../crypto/master-key.ts'
import { ownerOf } from '../gateway/forward-rules.ts'
import { publicPaths } from '../gateway/gateway.ts'
import { Problem } from '../problem.ts'
import { internalTls } from '../tls.ts'
import { readTopology } from '../topology.ts'

/** How a command reaches the modules, whichever processes they are in. */
export interface Control {
  /** A typed client of any module, called as `cli`. */
  client<C extends Contract>(contract: C): Client<C>
  /** A GET on the internal listener of a module, which may be a long stream. */
  internal(module: string, path: string): Promise<Response>
  /** A request with the token that a module asks for, to the process at an address, or to the one of this environment. */
  send(module: string, at: string | undefined, request: { method: string; path: string; body?: ReadableStream | string }): Promise<Response>
  /** A public route, with the path and query of a URL. */
  fetch(path: string, init?: RequestInit & { duplex?: 'half' }): Promise<Response>
  /** Whether a running process answers: work that was begun goes on there. */
  readonly running: boolean
  close(): Promise<void>
}

/** The running process behind a socket; undefined: none. A socket file outlives a killed process: only an answer counts. */
export async function reach(path: string): Promise<Agent | undefined> {
  if (!existsSync(path)) return undefined
  const agent = new Agent({ connect: { socketPath: path }, headersTimeout: 0, bodyTimeout: 0 })
  try {
    await undiciFetch('http://vellum/livez', { dispatcher: agent })
    return agent
  } catch {
    await agent.close()
    return undefined
  }
}

/** Whether a process answers at the socket of this folder. */
export async function isRunning(dataDir: string): Promise<boolean> {
  const agent = await reach(socketPath(dataDir))
  await agent?.close()
  return agent !== undefined
}

/**
 * Opens the way to the modules: those elsewhere by their `<MODULE>_URL`, those of this environment through its running
 * process. Without one it takes the lock on the data folder, as a process would.
 */
export async function openControl(program: Program, environment: Environment): Promise<Control> {
  const { settings, environment: values } = readSettings(environment, {})
  const topology = readTopology(settings.MODULES, Object.keys(program.registry), values)
  const near = topology.hosted.length > 0 ? await openNear(program, environment, settings.DATA_DIR) : undefined
  const secret = near?.secret ?? new TextEncoder().encode(openServiceSecret({ dataDir: settings.DATA_DIR, env: values }))
  const tls = internalTls(settings)
  const agent = tls && createInternalAgent(tls)
  const caller = { module: 'cli', tokens: createServiceTokens(secret) }
  const nearTransport = near && directTransport(near)
  const transportTo = (module: string): Transport => {
    const addresses = topology.remote[module]
    if (addresses) return httpTransport(createAddresses(addresses), { dispatcher: agent })
    if (nearTransport && topology.hosted.includes(module)) return nearTransport
    throw new Problem('unavailable', `${module} runs elsewhere: set ${module.toUpperCase()}_URL to reach it from here.`)
  }
  return {
    client: (contract) => createClient(contract, transportTo(contract.module), caller),
    async internal(module, path) {
      const authorization = `Bearer ${await caller.tokens.mint(caller.module, module)}`
      return transportTo(module)({ method: 'GET', path, headers: { authorization }, effect: 'read' })
    },
    async send(module, at, { method, path, body }) {
      const headers = { authorization: `Bearer ${await caller.tokens.mint(caller.module, module)}`, 'content-type': 'application/json' }
      const init = { method, headers, ...(body !== undefined && { body, duplex: 'half' as const }) }
      if (at !== undefined) return fetch(at.replace(/\/+$/, '') + path, init)
      if (!near) throw new Problem('unavailable', `No module runs in this environment: run the command where ${module} runs.`)
      return near.fetch(new Request(`http://vellum${path}`, init))
    },
    async fetch(path, init) {
      const owner = ownerOf(publicPaths(program.registry), new URL(path, 'http://vellum').pathname)
      const address = owner === undefined ? undefined : topology.remote[owner]?.[0]
      if (address !== undefined && agent) return undiciFetch(address + path, { ...init, dispatcher: agent } as never) as unknown as Promise<Response>
      if (address !== undefined) return fetch(address + path, init)
      if (!near) throw new Problem('unavailable', `${owner ?? path} runs elsewhere: set its address to reach it from here.`)
      return near.fetch(new Request(`http://vellum${path}`, init))
    },
    running: near?.running ?? true,
    async close() {
      await near?.close()
      await agent?.destroy()
    },
  }
}

interface Near extends FetchHandler {
  readonly secret: Uint8Array
  readonly running: boolean
  close(): Promise<void>
}

async function openNear(program: Program, environment: Environment, dataDir: string): Promise<Near> {
  const agent = await reach(socketPath(dataDir))
  if (!agent) {
    const { control, serviceSecret, stop } = await boot(program, { environment, listeners: false })
    return { fetch: (request) => control.fetch(request), secret: serviceSecret, running: false, close: stop }
  }
  const { environment: env } = readSettings(environment, {})
  return {
    fetch: (request) =>
      undiciFetch(request.url, {
        method: request.method,
        headers: Object.fromEntries(request.headers),
        body: request.body as never,
        duplex: 'half',
        dispatcher: agent,
      }) as unknown as Promise<Response>,
    secret: new TextEncoder().encode(openServiceSecret({ dataDir, env })),
    running: true,
    close: () => agent.close(),
  }
}
