import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Assets, ownAssets } from '#platform/assets.ts'
import { boot, type Program, type Running } from '#platform/boot.ts'
import { createClient } from '#platform/call/client.ts'
import { createServiceTokens } from '#platform/call/service-token.ts'
import type { Contract } from '#platform/contract.ts'
import { migrationsFromFolder } from '#platform/database/migration.ts'
import { platformContract } from '#platform/platform-operations.ts'
import { identity } from '#modules/identity/index.ts'
import { program } from '../../src/modules.ts'
import { generateMigrations } from '../../scripts/lib/generate-migrations.ts'
import { recognition } from '../fixtures/recognition/contract.ts'
import { schema } from '../fixtures/recognition/tables.ts'

const fixture = join(import.meta.dirname, '../fixtures/recognition')
const assets: Assets = {
  ...ownAssets,
  migrations: (module, dialect) =>
    module === 'recognition' ? migrationsFromFolder(join(fixture, 'migrations', dialect)) : ownAssets.migrations(module, dialect),
}
/** The product with one module more, which its own registry has never heard of. */
const extended: Program = {
  ...program,
  registry: {
    ...program.registry,
    recognition: { paths: ['/v1/holders'], load: async () => (await import('../fixtures/recognition/module.ts')).default },
  },
}

const patience = { timeout: 60_000, interval: 50 }

describe('a module that the product does not know', () => {
  let running: Running
  let folder: string
  let token: string
  let organizationId: string

  const start = async (what: Program): Promise<void> => {
    running = await boot(what, {
      environment: {
        PORT: '0', INTERNAL_PORT: '0', PUBLIC_URL: 'http://vellum.test', DATA_DIR: join(folder, 'data'), MAIL_DIR: join(folder, 'mail'),
        SWEEP_INTERVAL_MS: '100', RENDER_WORKERS: '1',
      },
      assets,
      log: pino({ level: 'silent' }),
    })
  }

  beforeAll(async () => {
    vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    folder = mkdtempSync(join(tmpdir(), 'vellum-seventh-'))
    await start(program)
    const clients = client(identity)
    organizationId = (await clients.createOrganization({ slug: 'acme', name: 'Acme Academy' })).id
    const { clientId, clientSecret } = await clients.createClient({
      organizationId, requestId: 'first', name: 'Test', scopes: ['credentials:read', 'credentials:write'],
    })
    const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId!, client_secret: clientSecret! })
    const answer = await running.control.request('/oauth/token', { method: 'POST', body: form })
    token = ((await answer.json()) as { access_token: string }).access_token
    const early = await issue('Early', 'Punched Cards')
    await vi.waitFor(async () => expect(await ask('GET', `/v1/credentials/${early}`)).toMatchObject({ state: 'issued' }), patience)
    // What is relayed only after the next start is news to the new module too.
    const outbox = new Sqlite(join(folder, 'data', 'issuance.sqlite'), { readonly: true })
    await vi.waitFor(() => expect(outbox.prepare('select count(*) from outbox where relayed_at is null').pluck().get()).toBe(0), patience)
    outbox.close()
    await running.stop()
    await start(extended)
  }, 150_000)
  afterAll(async () => {
    await running?.stop()
    vi.restoreAllMocks()
    rmSync(folder, { recursive: true, force: true })
  })

  const client = <C extends Contract>(contract: C) =>
    createClient(contract, running.transportTo(contract.module), { module: 'cli', tokens: createServiceTokens(running.serviceSecret) })
  const ask = async (method: string, path: string, body?: unknown): Promise<any> => {
    const headers = { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) }
    const response = await running.control.request(path, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
    return response.json()
  }
  const issue = async (name: string, achievement: string): Promise<string> => {
    const email = `${name.toLowerCase()}@example.org`
    return (await ask('POST', '/v1/credentials', { recipient: { name, email }, achievement: { name: achievement } })).id
  }
  const holders = () => client(recognition).holders({ organizationId })

  it('has migrations that do what its tables ask for', async () => {
    const lacking = await generateMigrations(schema, join(fixture, 'migrations'))
    expect(lacking.map(({ sql }) => sql)).toEqual(['', ''])
  })

  it('hears what issuance publishes, although issuance has not heard of it', async () => {
    const ada = await issue('Ada', 'Engines')
    await issue('Grace', 'Compilers')
    await issue('Hedy', 'Compilers')
    const both = [{ name: 'Compilers', holders: 2 }, { name: 'Engines', holders: 1 }]
    await vi.waitFor(async () => expect((await holders()).achievements).toEqual(both), patience)
    await ask('POST', `/v1/credentials/${ada}/revoke`, {})
    await vi.waitFor(async () => expect((await holders()).achievements).toEqual([{ name: 'Compilers', holders: 2 }]), patience)
  }, 150_000)

  it('has routes, a place in the API document, and events of its own', async () => {
    expect(await ask('GET', '/v1/holders')).toEqual({ achievements: [{ name: 'Compilers', holders: 2 }] })
    expect(Object.keys((await ask('GET', '/openapi.json')).paths)).toContain('/v1/holders')
    const { events } = await client(platformContract('recognition')).storedEventPage({ family: 'achievement', limit: 10 })
    expect(events.map(({ name }) => name)).toEqual(['achievement.first-held', 'achievement.first-held'])
  })

  it('can be sent what was published before it came', async () => {
    await client(platformContract('recognition')).replayEvents({ publisher: 'issuance', family: 'credential' })
    const all = [{ name: 'Compilers', holders: 2 }, { name: 'Punched Cards', holders: 1 }]
    await vi.waitFor(async () => expect((await holders()).achievements).toEqual(all), patience)
  }, 150_000)
})
