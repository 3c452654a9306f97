import { randomBytes } from 'node:crypto'
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mountContract } from '#platform/call/server.ts'
import { createServiceTokens } from '#platform/call/service-token.ts'
import { contract } from '#platform/contract.ts'
import { type Listener, listen } from '#platform/http/listener.ts'
import { identity } from '#modules/identity/index.ts'
import { createInstallation, type Installation } from '../installation.ts'
import { moduleNames } from '../module-names.ts'
import type { ServerProcess } from '../processes.ts'
import { type Postgres, query, startPostgres } from '../servers/postgres.ts'
import { type Redis, startRedis } from '../servers/redis.ts'

const patience = { timeout: 30_000, interval: 100 }
const secret = randomBytes(32).toString('base64url')
const tokens = createServiceTokens(new TextEncoder().encode(secret))

let postgres: Postgres
let redis: Redis
let installation: Installation
const stops: (() => Promise<unknown>)[] = []

const named = (name: string): ServerProcess => installation.processes.find((one) => one.name === name)!
const probe = async ({ internalUrl }: ServerProcess, path: string) => {
  const response = await fetch(internalUrl + path)
  return { status: response.status, body: (await response.json()) as { status: string; checks: Record<string, string> } }
}
const environment = async (): Promise<Record<string, string>> => ({
  LOG_LEVEL: 'warn',
  SERVICE_SECRET: secret,
  DATABASE_URL: await postgres.createDatabase(),
  REDIS_URL: redis.url,
  SWEEP_INTERVAL_MS: '200',
  RENDER_WORKERS: '1',
})

beforeAll(async () => {
  postgres = await startPostgres()
  redis = await startRedis()
  installation = await createInstallation({
    shares: moduleNames.map((module) => ({ modules: [module], replicas: module === 'verification' ? 2 : 1 })),
    environment: { ...(await environment()), MASTER_KEY: randomBytes(32).toString('base64') },
  })
}, 60_000)
afterAll(async () => {
  for (const stop of stops.reverse()) await stop()
  await installation.remove()
  await redis.stop()
  await postgres.stop()
})

describe('a module in a process of its own', () => {
  it('starts without the modules that it calls, is not ready, and becomes it when they come', async () => {
    const verification = named('verification')
    await verification.start({ wait: false })
    await expect.poll(() => fetch(`${verification.internalUrl}/livez`).then(({ status }) => status, () => 0), patience).toBe(200)
    const { status, body } = await probe(verification, '/readyz')
    expect([status, body.checks['database verification']]).toEqual([503, 'ok'])
    expect(body.checks['remote identity']).toMatch(/cannot be reached/)
    await Promise.all(installation.processes.filter((one) => one !== verification).map((one) => one.start()))
    await expect.poll(async () => (await probe(verification, '/readyz')).body, patience).toMatchObject({ status: 'ready' })
    expect((await probe(verification, '/health')).body).toMatchObject({
      status: 'ok',
      checks: { 'remote identity': 'ok', 'remote issuance': 'ok', redis: 'ok' },
    })
  }, 60_000)

  it('stays ready when one that it calls goes away, and says so', async () => {
    await named('issuance').kill()
    await expect.poll(async () => (await probe(named('verification'), '/health')).body, patience).toMatchObject({
      status: 'degraded',
      checks: { 'remote issuance': expect.stringMatching(/cannot be reached/) },
    })
    expect((await probe(named('verification'), '/readyz')).status).toBe(200)
    await named('issuance').start()
  }, 60_000)

  it('answers its own routes and knows nothing of others', async () => {
    const ask = async (module: string, path: string) => (await fetch(named(module).internalUrl + path)).status
    expect(await ask('identity', '/.well-known/oauth-authorization-server')).toBe(200)
    expect(await ask('verification', '/.well-known/oauth-authorization-server')).toBe(404)
    expect(await ask('issuance', '/v1/credentials')).toBe(401)
    expect(await ask('identity', '/v1/credentials')).toBe(404)
  })

  it('takes commands for every module, whichever process they are given the environment of', async () => {
    const made = await installation.cli('organization', 'create', 'apart', '--name', 'Apart', '--json')
    expect([made.status, made.stderr]).toEqual([0, ''])
    for (const { name } of installation.processes) {
      // It asks each module.
      const steps = await installation.cli('steps', 'list', '--state', 'ready', '--json')
      expect([name, steps.status, steps.stderr]).toEqual([name, 0, ''])
    }
    expect((await installation.cli('organization', 'list', '--json')).stdout).toContain('apart')
  }, 300_000)

  it('needs the service secret and no master key, except identity', async () => {
    const { MASTER_KEY: _, ...without } = named('notification').environment
    const apart = await createInstallation({ environment: { ...without } })
    stops.push(() => apart.remove())
    await named('notification').stop()
    const started = apart.processes[0]!
    await started.start({ wait: false })
    await expect.poll(() => probe(started, '/readyz').then(({ status }) => status, () => 0), patience).toBe(200)
    expect(await started.stop()).toBe(0)
    await named('notification').start()
  }, 60_000)
})

describe('a process that cannot work', () => {
  const refusal = async (settings: Record<string, string>): Promise<{ status: number; output: string }> => {
    const one = await createInstallation({ environment: { ...(await environment()), ...settings } })
    stops.push(() => one.remove())
    await one.start({ wait: false })
    return { status: await one.exited, output: one.output() }
  }
  const IDENTITY_URL = 'http://127.0.0.1:9999'

  it('is refused without Redis, without an address, and with a Redis that evicts', async () => {
    const evicting = await startRedis({ maxmemoryPolicy: 'allkeys-lru' })
    stops.push(() => evicting.stop())
    expect(await refusal({ MODULES: 'issuance', IDENTITY_URL, REDIS_URL: '' })).toEqual({
      status: 78,
      output: 'issuance hears events of identity, which runs elsewhere: set REDIS_URL, or run both in one process.\n',
    })
    const alone = await refusal({ MODULES: 'issuance' })
    expect([alone.status, alone.output]).toEqual([78, expect.stringContaining('issuance calls identity, which runs nowhere: add it to MODULES or set IDENTITY_URL.')])
    expect(await refusal({ MODULES: 'issuance', IDENTITY_URL, REDIS_URL: evicting.url })).toEqual({
      status: 78,
      output: 'REDIS_URL: Redis throws keys away when it is full (maxmemory-policy allkeys-lru); set maxmemory-policy noeviction there.\n',
    })
  }, 60_000)

  it('is refused beside a module whose contract does not fit', async () => {
    const app = new Hono()
    const older = contract('identity', { verificationKeys: identity.operations.verificationKeys })
    mountContract(app, older, { verificationKeys: async () => ({ keys: [] }) }, { tokens })
    const listener: Listener = await listen({ fetch: app.fetch, at: { port: 0, host: '127.0.0.1' } })
    stops.push(() => listener.close(0))
    const { status, output } = await refusal({ MODULES: 'issuance', IDENTITY_URL: listener.url })
    expect(status).toBe(78)
    expect(output).toContain('IDENTITY_URL: the identity there does not fit this version: dataKeys: the owner does not answer it.')
  }, 60_000)
})

describe('the database of processes apart', () => {
  const ask = (sql: string, values?: unknown[]) => query(named('identity').environment.DATABASE_URL!, sql, values)

  it('refuses a module that reads what is another\'s', async () => {
    const read = (role: string, table: string) => ask(`set role ${role}; select count(*) from ${table}`)
    for (const reader of moduleNames)
      for (const owner of moduleNames) {
        const reading = read(`vellum_${reader}`, `vellum_${owner}.outbox`)
        if (reader === owner) await reading
        else await expect(reading).rejects.toThrow(`permission denied for schema vellum_${owner}`)
      }
  })

  it('gives two replicas one relay, one inbox and one appender, and the other takes over', async () => {
    const holders = (name: string) => ask(
      `select pid from pg_locks where locktype = 'advisory' and granted and classid = hashtext('verification')::oid and objid = hashtext($1)::oid`,
      [name])
    const locks = ['relay', 'inbox', 'log-appender']
    const first = await Promise.all(locks.map(holders))
    expect(first.map(({ length }) => length)).toEqual([1, 1, 1])
    await named('verification').kill()
    await expect.poll(async () => (await Promise.all(locks.map(holders))).map(({ length }) => length), patience).toEqual([1, 1, 1])
    await named('verification').start()
    await named('verification-2').kill()
    await expect.poll(async () => (await Promise.all(locks.map(holders))).map(({ length }) => length), patience).toEqual([1, 1, 1])
    expect(await Promise.all(locks.map(holders))).not.toEqual(first)
    await named('verification-2').start()
  }, 60_000)
})
