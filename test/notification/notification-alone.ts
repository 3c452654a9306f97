import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { uuidv7 } from 'uuidv7'
import { inContext } from '#platform/context.ts'
import type { KeyRing } from '#platform/crypto/key-ring-types.ts'
import type { PlatformDatabase } from '#platform/database/transaction.ts'
import type { EventDefinition } from '#platform/event.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { memoryDoorbell } from '#platform/work/doorbell-memory.ts'
import { createSingleWork } from '#platform/work/single-work.ts'
import { retryPolicy } from '#platform/work/retry-rules.ts'
import { createRunner } from '#platform/work/runner.ts'
import module from '../../src/modules/notification/module.ts'
import type { NotificationTables } from '../../src/modules/notification/tables.ts'
import { type TestDatabase, testKeys } from '../kernel/test-database.ts'

export const acme = 'acme' as OrganizationId

/** The data of `credential.issued` for somebody. */
export const issued = (n: number | string, over: object = {}) => ({
  credentialId: `credential-${n}`, publicId: `public-${n}`, recipientId: `recipient-${n}`, documentId: `document-${n}`, document: '{}',
  recipientName: `Person ${n}`, recipientEmail: `person-${n}@example.org`, locale: 'en', achievementName: 'Rust', issuerName: 'Acme',
  issuedAt: new Date().toISOString(), test: false, salt: 'c2FsdA', notify: true, ...over,
})

/** The notification module alone, from its factory; issuance answers every certificate from memory. */
export async function startNotification(
  open: <T>(schema: any, keys: KeyRing) => Promise<TestDatabase<T>>,
  { environment = {}, keys = testKeys().ring }: { environment?: Record<string, string>; keys?: KeyRing } = {},
) {
  const opened = await open<NotificationTables>(module.schema, keys)
  const database = opened.database as PlatformDatabase<NotificationTables>
  const mailDir = mkdtempSync(join(tmpdir(), 'vellum-mail-'))
  const log = pino({ level: 'silent' })
  /** Runs while a message is being composed. */
  const hooks = { whileComposing: async () => {} }
  const parts = module.start({
    name: 'notification', config: module.config.parse({ MAIL_DIR: mailDir, ...environment }), publicUrl: 'https://vellum.example', database, keys, log,
    clients: {
      identity: { organization: async () => ({ slug: 'acme', contactEmail: 'registrar@acme.example' }) } as never,
      issuance: {
        certificate: async () => {
          await hooks.whileComposing()
          return { module: 'issuance', path: '/x', mediaType: 'application/pdf', fileName: 'certificate.pdf' }
        },
      } as never,
    },
    openDocument: async () => new Response('%PDF-1.7').body!,
    documents: undefined as never, blobs: undefined as never, now: () => new Date(), stopping: new AbortController().signal, singleWork: createSingleWork(), usage: undefined as never, modules: [],
  })
  const doorbell = memoryDoorbell()
  database.onCommit(({ stepKinds }) => stepKinds.forEach((kind) => doorbell.ring(kind)))
  const runner = createRunner({ database, bindings: parts.steps ?? [], policy: retryPolicy(20), doorbell, log, sweepMs: 50, drainMs: 2_000 })
  return {
    database, mailDir, hooks, runner,
    messages: () => database.read.select().from(database.tables.messages),
    steps: () => database.raw.select().from(database.raw.platform.steps),
    events: () => database.raw.select().from(database.raw.platform.outbox),
    async deliver(event: EventDefinition, data: unknown): Promise<void> {
      const { handler, publisher } = parts.subscriptions!.find((one) => one.event === event)!
      await inContext({ organizationId: acme }, async () => {
        const effect = await handler({
          id: uuidv7(), name: event.name, version: 1, publisher, organizationId: acme, key: '', sequence: 1,
          occurredAt: new Date(), traceparent: undefined, data: event.data.parse(data) as never,
        })
        if (effect) await database.transaction(effect)
      })
    },
    async stop(): Promise<void> {
      await runner.stop()
      await parts.stop?.()
      await opened.close()
      rmSync(mailDir, { recursive: true, force: true })
    },
  }
}
