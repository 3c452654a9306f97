import { existsSync } from 'node:fs'
import { Agent, fetch as undiciFetch } from 'undici'
import { boot, type Program, socketPath } from '../boot.ts'
import { createClient } from '../call/client.ts'
import { createServiceTokens } from '../call/service-token.ts'
import { directTransport, type FetchHandler, type Transport } from '../call/transport.ts'
import { type Environment, readSettings } from '../config.ts'
import type { Client, Contract } from '../contract.ts'
import { openMasterKey } from '../crypto/master-key.ts'

/** How a command reaches the modules: through the running process, or by opening the files itself where none runs. */
export interface Control {
  /** A typed client of any module, called as `cli`. */
  client<C extends Contract>(contract: C): Client<C>
  /** A public route, with the path and query of a URL. */
  fetch(path: string, init?: RequestInit & { duplex?: 'half' }): Promise<Response>
  /** Whether a running process answers: work that was begun goes on there. */
  readonly running: boolean
  close(): Promise<void>
}

/** A socket file outlives a killed process: only an answer counts. */
async function reach(path: string): Promise<Agent | undefined> {
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

/** Opens the way to the modules. Without a running process it takes the lock on the data folder, as one would. */
export async function openControl(program: Program, environment: Environment): Promise<Control> {
  const { settings, environment: values } = readSettings(environment, {})
  const agent = await reach(socketPath(settings.DATA_DIR))
  if (agent) {
    const { serviceSecret } = openMasterKey({ dataDir: settings.DATA_DIR, env: values, mayCreate: false })
    const handler: FetchHandler = {
      fetch: (request) =>
        undiciFetch(request.url, {
          method: request.method,
          headers: Object.fromEntries(request.headers),
          body: request.body as never,
          duplex: 'half',
          dispatcher: agent,
        }) as unknown as Promise<Response>,
    }
    return controlOf(handler, new TextEncoder().encode(serviceSecret), true, () => agent.close())
  }
  const running = await boot(program, { environment, listeners: false })
  return controlOf(running.control, running.serviceSecret, false, running.stop)
}

function controlOf(handler: FetchHandler, secret: Uint8Array, running: boolean, close: () => Promise<void>): Control {
  const caller = { module: 'cli', tokens: createServiceTokens(secret) }
  const transport: Transport = directTransport(handler)
  return {
    client: (contract) => createClient(contract, transport, caller),
    fetch: async (path, init) => handler.fetch(new Request(`http://vellum${path}`, init)),
    running,
    close,
  }
}
