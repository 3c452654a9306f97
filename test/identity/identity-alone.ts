import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { pino } from 'pino'
import { afterEach, beforeEach, vi } from 'vitest'
import { boot, type Running } from '#platform/boot.ts'
import { createClient } from '#platform/call/client.ts'
import { createServiceTokens } from '#platform/call/service-token.ts'
import type { Client } from '#platform/contract.ts'
import { allScopes, identity } from '#modules/identity/contract.ts'

export const publicUrl = 'http://vellum.test'
const program = {
  registry: {
    identity: {
      paths: ['/oauth', '/.well-known/oauth-authorization-server', '/setup', '/v1'],
      load: async () => (await import('#modules/identity/module.ts')).default,
    },
  },
  authority: 'identity',
  scopes: {},
}

export let dataDir = ''
/** As the module `issuance` would call it. */
export let clients: Client<typeof identity>
/** What it printed. */
export let links: string[] = []
let running: Running

/** Identity alone, on SQLite in a folder of its own, as the program brings it up; anew for each test of the file. */
export function identityAlone(): void {
  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'vellum-identity-'))
    links = []
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      links.push(...(String(text).match(/\S+\/setup#\S+/g) ?? []))
      return true
    })
    await start()
  })
  afterEach(async () => {
    await stop()
    vi.restoreAllMocks()
    rmSync(dataDir, { recursive: true })
  })
}

/** With `listeners` its steps run too. */
export async function start(environment: Record<string, string> = {}, { listeners = false } = {}): Promise<void> {
  running = await boot(program, {
    environment: { DATA_DIR: dataDir, PUBLIC_URL: publicUrl, PORT: '0', INTERNAL_PORT: '0', ...environment },
    log: pino({ level: 'silent' }),
    listeners,
  })
  const tokens = createServiceTokens(running.serviceSecret)
  clients = createClient(identity, running.transportTo('identity'), { module: 'issuance', tokens })
}

export const stop = (): Promise<void> => running.stop()

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: any
}

export interface Question {
  readonly token?: string
  readonly headers?: Record<string, string>
  readonly json?: unknown
  readonly form?: Record<string, string>
}

/** A public request. */
export async function ask(method: string, path: string, { token, json, form, headers }: Question = {}): Promise<Answer> {
  const response = await running.control.request(publicUrl + path, {
    method,
    headers: {
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    ...(form === undefined ? {} : { body: new URLSearchParams(form).toString() }),
  })
  const text = await response.text()
  const isJson = /json/.test(response.headers.get('content-type') ?? '')
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined }
}

export const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
})
export const getToken = (id: string, secret: string, form: Record<string, string> = {}) =>
  ask('POST', '/oauth/token', { headers: basic(id, secret), form: { grant_type: 'client_credentials', ...form } })

/** An organization with a client of all scopes, and a token of it. */
export async function organizationWithToken(slug = 'acme') {
  const organization = await clients.createOrganization({ slug, name: `The ${slug}` })
  const organizationId = organization.id
  const client = await clients.createClient({ organizationId, requestId: 'first', name: 'Test', scopes: allScopes })
  const token = (await getToken(client.clientId, client.clientSecret)).json.access_token as string
  return { organization, organizationId, client, token }
}

/** The files of the data folder that contain these bytes. */
export function filesWith(needle: string | Uint8Array): string[] {
  return readdirSync(dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(needle))
}

/** Looks into the file from outside. */
export function inDatabase<R>(read: (database: Sqlite.Database) => R): R {
  const database = new Sqlite(join(dataDir, 'identity.sqlite'), { readonly: true })
  try {
    return read(database)
  } finally {
    database.close()
  }
}
