import { eq, sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { withContext } from '#platform/context.ts'
import { defineSchema } from '#platform/database/schema.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { type TestDatabase, testDialects, testKeys } from '../../../test/kernel/test-database.ts'
import { auditHash, chainStart } from './audit-entry.ts'
import { verifyAudit } from './verify-audit.ts'

const schema = defineSchema('registry', () => ({}))
const acme = 'acme' as OrganizationId
const other = 'other' as OrganizationId

test('the hash of an entry is for ever', () => {
  const hash = auditHash({
    module: 'identity',
    organizationId: 'acme',
    sequence: 1,
    occurredAt: new Date('2026-03-01T12:00:00.000Z'),
    actor: 'client:1',
    action: 'client.created',
    target: 'client-2',
    details: { scope: 'issue', count: 2, on: true },
    traceparent: null,
    previousHash: chainStart,
  })
  expect(Buffer.from(hash).toString('hex')).toBe('a7dac747adb56bf138afc62e85b11f85db68ad9f0a2b8aa4ae4afd4001a39d6c')
})

describe.each(testDialects)('the audit trail on %s', (_, open) => {
  let opened: TestDatabase<object>
  beforeEach(async () => {
    opened = await open(schema, testKeys().ring)
    for (let i = 1; i <= 5; i++) await append(acme, `client-${i}`)
    await append(other, 'client-9')
  })
  afterEach(() => opened.close())

  const append = (organizationId: OrganizationId, target: string) =>
    withContext({ actor: 'client:1', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }, () =>
      opened.database.transaction((tx) =>
        tx.audit({ organizationId, action: 'client.created', target, details: { scope: 'issue', zone: 1.5, admin: false } })))

  /** What only the owner of the database can do: the guards are taken away first. */
  const tamper = (statement: ReturnType<typeof sql>) => opened.asOwner(async (rows) => {
    for (const drop of opened.database.dialect === 'sqlite'
      ? [sql`drop trigger audit_refuses_update`, sql`drop trigger audit_refuses_delete`]
      : [sql`alter table vellum_registry.audit disable trigger all`]) await rows(drop)
    await rows(statement)
  })
  const audit = () => opened.database.raw.platform.audit
  const broken = async () => (await verifyAudit(opened.database)).broken

  test('is whole after any number of entries, also at once', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => append(i % 2 ? acme : other, `client-${i}`)))
    expect(await verifyAudit(opened.database)).toEqual({ module: 'registry', entries: 26, organizations: 2, broken: [] })
  })

  test('holds who, what, to what, when, and in which trace', async () => {
    const [entry] = await opened.database.raw.select().from(audit()).where(eq(audit().organizationId, other))
    expect(entry).toMatchObject({
      sequence: 1, actor: 'client:1', action: 'client.created', target: 'client-9',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', occurredAt: expect.any(Date),
    })
  })

  test('disappears with the transaction that rolls back', async () => {
    await expect(opened.database.transaction(async (tx) => {
      await tx.audit({ organizationId: acme, action: 'client.created', target: 'never' })
      throw new Error('no')
    })).rejects.toThrow('no')
    expect(await verifyAudit(opened.database)).toMatchObject({ entries: 6, broken: [] })
  })

  test.each([
    ['an update', sql`update`, sql`set target = 'x'`],
    ['a deletion', sql`delete from`, sql``],
  ])('refuses %s', async (_, verb, rest) => {
    await expect(opened.database.platformTransaction((_, raw) => raw.rows(sql`${verb} ${audit()} ${rest}`)))
      .rejects.toThrow(/append-only/)
    expect(await broken()).toEqual([])
  })

  test.each([
    ['target', sql`target = 'client-0'`],
    ['actor', sql`actor = 'client:2'`],
    ['details', sql`details = '{"scope":"issue","zone":1.5,"admin":true}'`],
    ['trace', sql`traceparent = null`],
    ['hash', sql`hash = previous_hash`],
  ])('shows an edited %s', async (_, change) => {
    await tamper(sql`update ${audit()} set ${change} where organization_id = 'acme' and sequence = 3`)
    expect(await broken()).toEqual([{ organizationId: 'acme', sequence: 3, reason: 'edited' }])
  })

  test('shows a deletion from the middle and from the beginning', async () => {
    await tamper(sql`delete from ${audit()} where organization_id = 'acme' and sequence = 3`)
    expect(await broken()).toEqual([{ organizationId: 'acme', sequence: 3, reason: 'missing' }])
  })

  test('shows a deletion at the end, up to the whole chain', async () => {
    await tamper(sql`delete from ${audit()} where sequence = 5 or organization_id = 'other'`)
    expect(await broken()).toEqual([
      { organizationId: 'acme', sequence: 5, reason: 'head' },
      { organizationId: 'other', sequence: 1, reason: 'head' },
    ])
  })

  test('shows entries that changed places', async () => {
    await tamper(sql`update ${audit()} set sequence = case sequence when 2 then 30 else 20 end
      where organization_id = 'acme' and sequence in (2, 3)`)
    await opened.asOwner((rows) => rows(sql`update ${audit()} set sequence = sequence / 10
      where organization_id = 'acme' and sequence in (20, 30)`))
    expect(await broken()).toEqual([{ organizationId: 'acme', sequence: 2, reason: 'edited' }])
  })

  test('shows an edit whose hash was computed anew', async () => {
    const [entry] = (await opened.database.raw.select().from(audit()).where(eq(audit().organizationId, acme)))
      .filter((one) => one.sequence === 3)
    const hash = auditHash({ ...entry!, target: 'client-0', module: 'registry' })
    await tamper(sql`update ${audit()} set target = 'client-0', hash = ${hash} where organization_id = 'acme' and sequence = 3`)
    expect(await broken()).toEqual([{ organizationId: 'acme', sequence: 4, reason: 'unlinked' }])
  })

  test('shows an entry added behind the head', async () => {
    const [last] = (await opened.database.raw.select().from(audit()).where(eq(audit().organizationId, other)))
    const { organizationId, action, actor, target, details, traceparent, occurredAt } = last!
    const forged = { organizationId, sequence: 2, action, actor, target, details, traceparent, occurredAt, previousHash: last!.hash }
    const hash = auditHash({ ...forged, module: 'registry' })
    await opened.database.platformTransaction((_, raw) => raw.insert(audit()).values({ ...forged, hash }))
    expect(await broken()).toEqual([{ organizationId: 'other', sequence: 2, reason: 'head' }])
  })
})
