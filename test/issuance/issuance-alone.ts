import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { uuidv7 } from 'uuidv7'
import { filesystemBlobs } from '#platform/blobs/filesystem.ts'
import { inContext } from '#platform/context.ts'
import type { PlatformDatabase } from '#platform/database/transaction.ts'
import type { EventDefinition } from '#platform/event.ts'
import { createModuleApp, createPublicApp } from '#platform/http/app.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import { memoryDoorbell } from '#platform/work/doorbell-memory.ts'
import { createSingleWork } from '#platform/work/single-work.ts'
import { retryPolicy } from '#platform/work/retry-rules.ts'
import { createRunner } from '#platform/work/runner.ts'
import type { IssuanceContext } from '../../src/modules/issuance/issuance-context.ts'
import module from '../../src/modules/issuance/module.ts'
import type { IssuanceTables } from '../../src/modules/issuance/tables.ts'
import { type TestDatabase, testKeys } from '../kernel/test-database.ts'

export const publicUrl = 'https://vellum.example'
export const acme = 'acme' as OrganizationId

/** What the module asks of identity, answered from memory. */
export interface FakeIdentity {
  readonly organizations: Map<string, { id: string; slug: string; name: string; defaultLocale: string; createdAt: string; frozenAt?: string }>
  /** Runs before the answer to a freeze. */
  beforeFreeze: () => Promise<void> | void
  /** Of every organization. */
  limits: { credentialsPerMonth?: number }
}

/** The issuance module alone, from its factory, over a database of the given dialect; of identity only the answers are made up. */
export async function startIssuance(
  open: <T>(schema: any, keys: any) => Promise<TestDatabase<T>>,
  { baseMs = 50 }: { baseMs?: number } = {},
) {
  const keys = testKeys()
  const opened = await open<IssuanceTables>(module.schema, keys.ring)
  const database = opened.database as PlatformDatabase<IssuanceTables>
  const directory = mkdtempSync(join(tmpdir(), 'vellum-issuance-'))
  const identity: FakeIdentity = {
    organizations: new Map(['acme', 'globex'].map((id) => [id, { id, slug: id, name: `The ${id}`, defaultLocale: 'en', createdAt: new Date().toISOString() }])),
    beforeFreeze: () => {},
    limits: {},
  }
  const organization = ({ id, slug }: { id?: string; slug?: string }) => {
    const found = [...identity.organizations.values()].find((one) => one.id === id || one.slug === slug)
    if (!found) throw new Problem('not-found', 'There is no such organization.')
    return found
  }
  const log = pino({ level: process.env.TEST_LOG ?? 'silent' })
  const policy = retryPolicy(baseMs)
  const blobs = filesystemBlobs({ directory, module: 'issuance', keys: keys.ring })
  const doorbell = memoryDoorbell()
  database.onCommit(({ stepKinds }) => stepKinds.forEach((kind) => doorbell.ring(kind)))
  const stopping = new AbortController()
  const stops: (() => Promise<unknown>)[] = []

  /** The module as one process composes it: again, and there are two over the same database. */
  function compose({ now = () => new Date() }: { now?: () => Date } = {}) {
    const context = {
      name: 'issuance', config: { RENDER_WORKERS: 1 }, publicUrl, database,
      clients: {
        identity: {
          organization: async (by: { id?: string; slug?: string }) => ({ ...organization(by) }),
          freezeOrganization: async ({ id }: { id: string }) => {
            await identity.beforeFreeze()
            const found = organization({ id })
            found.frozenAt ??= new Date().toISOString()
            return { ...found }
          },
          organizationLimits: async () => identity.limits,
          reserveRecipients: async ({ count }: { count: number }) => ({ recipientIds: Array.from({ length: count }, () => uuidv7()) }),
        },
      },
      openDocument: undefined as never,
      documents: { link: () => { throw new Error('Nobody asks for a document here.') } },
      keys: keys.ring, blobs, log, now, stopping: stopping.signal, singleWork: createSingleWork(), modules: [],
    } as unknown as IssuanceContext
    const parts = module.start(context)
    const app = createPublicApp({
      accessTokens: {
        verify: async (token) => ({ organizationId: token as OrganizationId, clientId: 'test', scopes: [
          'credentials:read', 'credentials:write', 'templates:read', 'templates:write', 'recipients:erase',
        ], tokenId: token, actor: 'client:test' }),
      },
    })
    const routes = createModuleApp()
    parts.routes?.(routes)
    app.route('/', routes)
    const runner = createRunner({ database, bindings: parts.steps ?? [], policy, doorbell, log, sweepMs: 50, drainMs: 2_000 })
    stops.push(async () => {
      await runner.stop()
      await parts.stop?.()
    })
    const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}, organizationId = acme) => {
      const isText = typeof body === 'string'
      const response = await app.request(`${publicUrl}${path}`, {
        method,
        headers: { authorization: `Bearer ${organizationId}`, ...(body !== undefined && { 'content-type': isText ? 'text/csv' : 'application/json' }), ...headers },
        ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
      })
      const text = await response.text()
      return { status: response.status, headers: response.headers, text, json: text === '' ? undefined : JSON.parse(text) }
    }
    return { context, parts, app, runner, ask }
  }

  return {
    database, directory, identity, keys, compose, stopping,
    tables: database.tables,
    /** Applies an event as the inbox does: the handler first, its effects in one transaction. */
    async deliver(parts: ReturnType<typeof compose>['parts'], event: EventDefinition, data: unknown): Promise<void> {
      const subscription = parts.subscriptions!.find((one) => one.event === event)!
      await inContext({ organizationId: acme }, async () => {
        const effect = await subscription.handler({
          id: uuidv7(), name: event.name, version: 1, publisher: subscription.publisher, organizationId: acme, key: '', sequence: 1,
          occurredAt: new Date(), traceparent: undefined, data: event.data.parse(data) as never,
        })
        if (effect) await database.transaction(effect)
      })
    },
    async stop(): Promise<void> {
      for (const stop of stops.splice(0)) await stop()
      await opened.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

export type Issuance = Awaited<ReturnType<typeof startIssuance>>
export type IssuanceProcess = ReturnType<Issuance['compose']>

/** The body of `POST /v1/credentials` for somebody. */
export const person = (n: number | string, achievement = 'Distributed Systems') =>
  ({ recipient: { name: `Person ${n}`, email: `person-${n}@example.org` }, achievement: { name: achievement } })

/** A CSV file of so many people. */
export const file = (from: number, to: number): string =>
  ['name,email,achievement', ...Array.from({ length: to - from }, (_, i) => `Person ${from + i},person-${from + i}@example.org,Rust`)].join('\n') + '\n'
