import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { pino } from 'pino'
import type { DocumentLink } from '#platform/contract.ts'
import { didKeyFromPublicKey, didKeyVerificationMethod } from '#platform/credentials/did.ts'
import type { JsonObject } from '#platform/credentials/json.ts'
import { generateEd25519KeyPair } from '#platform/credentials/multikey.ts'
import { addProof } from '#platform/credentials/proof.ts'
import type { PlatformDatabase } from '#platform/database/transaction.ts'
import { inContext } from '#platform/context.ts'
import type { EventDefinition } from '#platform/event.ts'
import { createPublicApp, mountPublicRoutes, type PublicEnvironment } from '#platform/http/app.ts'
import type { ModuleContext } from '#platform/module.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import { memoryDoorbell } from '#platform/work/doorbell-memory.ts'
import { createSingleWork } from '#platform/work/single-work.ts'
import { retryPolicy } from '#platform/work/retry-rules.ts'
import { createRunner } from '#platform/work/runner.ts'
import { buildOpenBadge } from '../../src/modules/issuance/credential/open-badge.ts'
import type { Organization } from '#modules/identity/index.ts'
import type { credentialIssued } from '#modules/issuance/index.ts'
import type { z } from 'zod'
import module from '../../src/modules/verification/module.ts'
import type { VerificationTables } from '../../src/modules/verification/tables.ts'
import type { VerificationConfig } from '../../src/modules/verification/config.ts'
import type { VerificationUses } from '../../src/modules/verification/verification-context.ts'
import { sqliteDatabase, type testDialects, testKeys } from '../kernel/test-database.ts'

export const publicUrl = 'https://vellum.example'
export const acme = 'acme' as OrganizationId

export type IssuedData = z.output<typeof credentialIssued.data>
type Uses = ModuleContext<VerificationTables, VerificationUses, VerificationConfig>['clients']
type Status = { status: 'active' | 'suspended' | 'revoked' | 'superseded' | 'expired'; changedAt?: string }

/** What the module asks of issuance and identity: answered here from memory, or refused while `away` and `identityAway`. */
export interface FakeIssuance {
  away: boolean
  identityAway: boolean
  readonly organizations: Organization[]
  readonly status: Map<string, Status>
  readonly lists: Map<string, string>
  readonly didDocuments: Map<string, string>
  pdf: Uint8Array
}

/** The verification module alone, from its factory, over a database of its own; of the others only `uses` is made up. */
export async function startVerification(options: { environment?: Record<string, string>; open?: (typeof testDialects)[number][1] } = {}) {
  const keys = testKeys()
  const opened = await (options.open ?? sqliteDatabase)(module.schema, keys.ring)
  const database = opened.database as PlatformDatabase<VerificationTables>
  const fake: FakeIssuance = {
    away: false, identityAway: false, organizations: [acmeAcademy()], status: new Map(), lists: new Map(), didDocuments: new Map(), pdf: new TextEncoder().encode('%PDF-1.7'),
  }
  const dataDir = mkdtempSync(join(tmpdir(), 'vellum-verification-'))
  const configOf = (environment: Record<string, string> = {}) =>
    module.config.parse({ DATA_DIR: dataDir, CHECKPOINT_INTERVAL_MS: '20', ANCHOR_INTERVAL_MS: '100', ANCHOR_POLL_MS: '30', ...environment })
  let context: ModuleContext<VerificationTables, VerificationUses, VerificationConfig> = {
    name: 'verification',
    config: configOf(options.environment),
    publicUrl,
    database,
    clients: { issuance: clientOf(fake), identity: identityOf(fake) },
    openDocument: async () => {
      refuseAway(fake)
      return new Response(fake.pdf as Uint8Array<ArrayBuffer>).body!
    },
    documents: { link: () => { throw new Error('Verification has no documents of its own.') } },
    keys: keys.ring,
    blobs: undefined as never,
    log: pino({ level: 'silent' }),
    now: () => new Date(),
    stopping: new AbortController().signal, singleWork: createSingleWork(), usage: undefined as never, modules: [],
  }
  const doorbell = memoryDoorbell()
  database.onCommit(({ stepKinds }) => stepKinds.forEach((kind) => doorbell.ring(kind)))

  async function boot() {
    const parts = module.start(context)
    const app: OpenAPIHono<PublicEnvironment> = createPublicApp({ tls: true })
    if (parts.routes) mountPublicRoutes(app, parts.routes)
    const runner = createRunner({
      database, bindings: parts.steps ?? [], policy: retryPolicy(50), doorbell, log: context.log, sweepMs: 50, drainMs: 500,
    })
    await parts.prepare?.()
    await runner.start()
    return { parts, app, runner }
  }
  let running = await boot()
  const halt = async () => {
    await running.runner.stop()
    await running.parts.stop?.()
  }

  return {
    database, fake, keys, dataDir,
    handlers: () => running.parts.handlers,
    get: async (path: string, headers: Record<string, string> = {}) => running.app.request(`${publicUrl}${path}`, { headers }),
    post: async (path: string, body: unknown) =>
      running.app.request(`${publicUrl}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    fetch: (request: Request) => running.app.fetch(request),
    /** Ends the module and starts it again over the same database; `change` happens in between. */
    async restart(change: () => Promise<void> = async () => {}, environment?: Record<string, string>): Promise<void> {
      await halt()
      await change()
      if (environment) context = { ...context, config: configOf(environment) }
      running = await boot()
    },
    /** Applies an event as the inbox does: the handler first, its effects in one transaction. */
    async deliver(event: EventDefinition, data: { publicId?: string; recipientId?: string }, id: string = randomUUID()): Promise<void> {
      const subscription = running.parts.subscriptions!.find((one) => one.event === event)!
      await inContext({ organizationId: acme }, async () => {
        const effect = await subscription.handler({
          id, name: event.name, version: 1, publisher: subscription.publisher, organizationId: acme, key: data.publicId ?? '', sequence: 1,
          occurredAt: new Date(), traceparent: undefined, data: event.data.parse(data),
        })
        if (effect) await database.transaction(effect)
      })
    },
    async stop(): Promise<void> {
      await halt()
      await opened.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

export type Verification = Awaited<ReturnType<typeof startVerification>>

const refuseAway = ({ away }: FakeIssuance): void => {
  if (away) throw new Problem('unavailable', 'issuance cannot be reached; try again later.')
}

export const acmeAcademy = (): Organization => ({
  id: acme, slug: 'acme', name: 'Acme Academy', url: 'https://acme.example', contactEmail: 'registrar@acme.example', defaultLocale: 'en',
  frozenAt: '2026-03-01T09:00:00.000Z', createdAt: '2026-02-01T09:00:00.000Z',
})

/** The one operation that verification asks of identity. */
const identityOf = (fake: FakeIssuance) =>
  ({
    async organization(by: { id: string } | { slug: string }) {
      if (fake.identityAway) throw new Problem('unavailable', 'identity cannot be reached; try again later.')
      const found = fake.organizations.find(({ id, slug }) => ('id' in by ? id === by.id : slug === by.slug))
      if (!found) throw new Problem('not-found', 'There is no such organization.')
      return found
    },
  }) as Pick<Uses['identity'], 'organization'> as Uses['identity']

function clientOf(fake: FakeIssuance): Uses['issuance'] {
  const found = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Problem('not-found', 'There is nothing here.')
    return value
  }
  const nothing = async () => found<never>(undefined)
  return {
    recipientMail: nothing,
    recipientSession: nothing,
    async credentialStatus({ credentialId }) {
      refuseAway(fake)
      return fake.status.get(credentialId) ?? { status: 'active' }
    },
    async certificate({ credentialId }): Promise<DocumentLink> {
      refuseAway(fake)
      return { module: 'issuance', path: `/internal/issuance/documents/${credentialId}`, mediaType: 'application/pdf', fileName: 'certificate.pdf' }
    },
    async image({ credentialId, form }): Promise<DocumentLink> {
      refuseAway(fake)
      const mediaType = form === 'badge-svg' ? 'image/svg+xml' : 'image/png'
      return { module: 'issuance', path: `/internal/issuance/documents/${credentialId}`, mediaType, fileName: form }
    },
    async statusList({ statusListId }) {
      refuseAway(fake)
      return { document: found(fake.lists.get(statusListId)) }
    },
    async didDocument({ slug }) {
      refuseAway(fake)
      return { document: found(fake.didDocuments.get(slug)) }
    },
    async signDocument({ document, created }) {
      refuseAway(fake)
      const unsigned = { ...(JSON.parse(document) as JsonObject), issuer: issuerDid }
      const verificationMethod = didKeyVerificationMethod(issuerDid)
      const signed = await addProof(unsigned, { privateKey: issuerKey.privateKey, verificationMethod, created: new Date(created) })
      return { document: JSON.stringify(signed) }
    },
  }
}

export const issuerKey = generateEd25519KeyPair()
export const issuerDid = didKeyFromPublicKey(issuerKey.publicKey)

/** The data of `credential.issued` for a badge that is really signed. */
export async function issuedData(over: Partial<IssuedData> & { achievement?: { id?: string; description?: string; criteria?: string } } = {}): Promise<IssuedData> {
  const { achievement, ...rest } = over
  const name = rest.recipientName ?? 'Ada Lovelace'
  const achievementName = rest.achievementName ?? 'Distributed Systems'
  const documentId = rest.documentId ?? randomUUID()
  const issuedAt = new Date(Math.floor(Date.now() / 1_000) * 1_000)
  const unsigned = buildOpenBadge({
    publicUrl,
    credentialId: documentId,
    issuer: { did: issuerDid, name: rest.issuerName ?? 'Acme Academy', url: 'https://acme.example' },
    validFrom: issuedAt,
    recipient: { name, email: 'ada@example.org', salt: 'c2FsdC1vZi10aGUtYWRkcmVzcw' },
    achievement: {
      id: achievement?.id ?? 'urn:uuid:6a0f2f5e-1f5b-4c7e-9b44-0f4f4f1c2a10',
      name: achievementName,
      description: achievement?.description ?? 'Consensus, clocks and failure.',
      criteria: achievement?.criteria ?? 'Twelve weeks of lectures, six graded assignments and a final project that survives a partition.',
      achievementType: 'Course',
    },
    completedOn: '2026-06-30',
    status: { revocation: { listId: 'list-1', index: 7 }, suspension: { listId: 'list-2', index: 7 } },
    test: rest.test ?? false,
  })
  const signed = await addProof(unsigned, {
    privateKey: issuerKey.privateKey, verificationMethod: didKeyVerificationMethod(issuerDid), created: issuedAt,
  })
  return {
    credentialId: randomUUID(), publicId: randomBytes(12).toString('hex'), recipientId: `recipient-${randomUUID().slice(0, 8)}`, documentId,
    document: JSON.stringify(signed), recipientName: name, recipientEmail: 'ada@example.org', locale: 'en', achievementName,
    issuerName: 'Acme Academy', issuedAt: issuedAt.toISOString(), test: false, salt: randomBytes(32).toString('base64url'), notify: true, ...rest,
  }
}

/** Waits until `look` answers something true; fails after twenty seconds. */
export async function until<T>(look: () => Promise<T>, what = 'it'): Promise<T & {}> {
  const end = Date.now() + 20_000
  for (;;) {
    const found = await look()
    if (found) return found
    if (Date.now() > end) throw new Error(`Waited twenty seconds for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
