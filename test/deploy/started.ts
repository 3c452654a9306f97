import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Installation } from '../installation.ts'
import { nodeEnvironment } from '../node-environment.ts'
import { freePort } from '../servers/free-port.ts'
import { startPostgres } from '../servers/postgres.ts'
import { startSupervised, untilReady } from '../servers/supervised.ts'
import type { Container } from './manifests.ts'

const root = resolve(import.meta.dirname, '../..')

/** What a manifest describes, running as processes of this machine. */
export interface Started extends Pick<Installation, 'cli' | 'fetch'> {
  /** The folder that a container sees under a path. */
  folderOf(container: string, path: string): string
  /** SIGTERM to all of Vellum at once; answers the exit status of each. */
  stop(): Promise<Record<string, number>>
  /** Ends whatever still runs, and removes the files. */
  remove(): Promise<void>
}

/**
 * Starts containers as processes, with the commands and the environments of their manifest. What an engine would give them
 * is given by other means: a name of another container leads to a port of 127.0.0.1, a path to a folder or a file of the
 * container's own.
 * @param secrets beside those that `deploy/make-secrets` makes
 */
export async function startContainers(containers: readonly Container[], secrets: Readonly<Record<string, string>> = {}): Promise<Started> {
  const stops: (() => Promise<unknown>)[] = []
  const remove = async () => {
    for (const stop of stops.splice(0).reverse()) await stop()
  }
  try {
    return await started(containers, secrets, stops, remove)
  } catch (error) {
    await remove()
    throw error
  }
}

async function started(
  containers: readonly Container[],
  given: Readonly<Record<string, string>>,
  stops: (() => Promise<unknown>)[],
  remove: () => Promise<void>,
): Promise<Started> {
  const directory = mkdtempSync(join(tmpdir(), 'vellum-deploy-'))
  stops.push(startSupervised({ directory, command: ['sleep', '2147483647'], signal: 'KILL' }).stop)
  const ours = containers.filter(({ environment }) => environment.MODULES !== undefined)
  const folderOf = (container: string, path: string) => join(directory, container, path)
  for (const { name, folders } of containers) for (const folder of folders) mkdirSync(folderOf(name, folder), { recursive: true })
  const secrets = join(directory, 'secrets')
  execFileSync(resolve(root, 'deploy/make-secrets'), [secrets])
  for (const [name, text] of Object.entries(given)) writeFileSync(join(secrets, name), text)

  /** Paths inside the container as they are here; all in one pass, for what is put in begins with such paths too. */
  const placed = (container: Container, text: string): string => {
    const places = new Map([
      ['/app', root],
      ...Object.entries(container.secrets).map(([path, secret]): [string, string] => [path, join(secrets, secret)]),
      ...container.folders.map((folder): [string, string] => [folder, folderOf(container.name, folder)]),
    ])
    return text.replaceAll(new RegExp(`(?<![\\w/])(${[...places.keys()].join('|')})(?![\\w-])`, 'g'), (path) => places.get(path)!)
  }

  const ports: Record<string, number> = {}
  for (const container of containers) {
    const { name } = container
    if (name === 'postgres') {
      const postgres = await startPostgres()
      stops.push(() => postgres.stop())
      makeUser(postgres.url, placed(container, readFileSync(resolve(root, 'deploy/postgres/vellum-user.sh'), 'utf8')))
      ports[name] = Number(new URL(postgres.url).port)
    } else {
      Object.assign(ports, { [`${name} public`]: await freePort(), [name]: await freePort() })
    }
    if (name === 'redis') {
      const command = container.command.map((part) => placed(container, part))
      stops.push(startSupervised({ command: [...command.slice(0, -1), `${command.at(-1)} --port ${ports[name]}`], signal: 'KILL' }).stop)
    }
  }
  const hosts = new RegExp(`(?<=[/@])(${containers.map(({ name }) => name).join('|')}):\\d+`, 'g')
  const localized = (text: string) => text.replaceAll(hosts, (_, name: string) => `127.0.0.1:${ports[name]}`)
  for (const name of readdirSync(secrets)) writeFileSync(join(secrets, name), localized(readFileSync(join(secrets, name), 'utf8')))

  const publicUrl = `http://localhost:${ports[`${ours.find(({ environment }) => /^(all|gateway)$/.test(environment.MODULES!))!.name} public`]}`
  const environments = new Map(ours.map((container) => [container.name, {
    ...Object.fromEntries(Object.entries(container.environment).map(([name, value]) => [name, localized(placed(container, value))])),
    PORT: String(ports[`${container.name} public`]),
    INTERNAL_PORT: String(ports[container.name]),
    PUBLIC_URL: publicUrl,
  }]))
  const running = ours.map((container) => ({
    name: container.name,
    server: startSupervised({
      command: container.command.map((part) => (part === 'node' ? process.execPath : placed(container, part))),
      env: environments.get(container.name)!,
      signal: 'KILL',
    }),
  }))
  stops.push(async () => Promise.all(running.map(({ server }) => server.stop())))
  await Promise.all(running.map(({ name, server }) => untilReady(server, async () => {
    const response = await fetch(`http://127.0.0.1:${ports[name]}/readyz`)
    if (!response.ok) throw new Error(`/readyz of ${name}: ${await response.text()}`)
  })))

  const first = ours.find(({ environment }) => ['all', 'identity'].includes(environment.MODULES!))!
  return {
    folderOf,
    fetch: (path, init) => fetch(new URL(path, publicUrl), init as RequestInit) as never,
    cli: (...args) => new Promise((done, fail) => {
      const child = spawn(process.execPath, [join(root, 'src/cli.ts'), ...args], {
        env: { ...nodeEnvironment(), ...environments.get(first.name) },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      const said = { stdout: '', stderr: '' }
      child.stdout.on('data', (chunk) => { said.stdout += String(chunk) })
      child.stderr.on('data', (chunk) => { said.stderr += String(chunk) })
      child.once('error', fail)
      child.once('close', (status) => done({ status: status ?? 137, ...said }))
    }),
    async stop() {
      for (const { server } of running) process.kill(await server.pid, 'SIGTERM')
      return Object.fromEntries(await Promise.all(running.map(async ({ name, server }) => [name, await server.exited] as const)))
    },
    remove,
  }
}

/** As the image of Postgres runs what lies in its folder of beginnings. */
function makeUser(url: string, script: string): void {
  const { hostname, port, username } = new URL(url)
  execFileSync('sh', ['-c', script], {
    env: { PATH: process.env.PATH, PGHOST: hostname, PGPORT: port, PGUSER: username, PGDATABASE: 'postgres' },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}
