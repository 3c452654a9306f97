import { eq, sql } from 'drizzle-orm'
import fc from 'fast-check'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defineSchema } from '#platform/database/schema.ts'
import { installation, type OrganizationId } from '#platform/organization-id.ts'
import { Problem } from '#platform/problem.ts'
import { type TestDatabase, testDialects, testKeys } from '../../../test/kernel/test-database.ts'
import { auditHash, chainStart } from './audit-entry.ts'
import { chainHashes, chainHeads, noteRestoration } from './chain-heads.ts'
import { compareWithWitness } from './compare-witness.ts'
import { createTellHeads, type TellHeadsOptions } from './tell-heads.ts'
import { verifyAudit } from './verify-audit.ts'
import { contradictedChains, keepHeads, witnessedHeads } from './witness.ts'
import { judge, type ToldHead, type WitnessedHead, witnessOf } from './witness-rule.ts'

const acme = 'acme' as OrganizationId
const other = 'other' as OrganizationId

describe('who is the witness of whom', () => {
  const modules = ['identity', 'issuance', 'verification']
  it('is the authority of all others, and another one of the authority', () => {
    expect(modules.map((module) => witnessOf(module, 'identity', modules))).toEqual(['issuance', 'identity', 'identity'])
    expect(witnessOf('identity', 'identity', ['identity'])).toBeUndefined()
  })
})

describe('the rule', () => {
  const heads = fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 30 })
  const hashAt = (sequence: number) => `h${sequence}`

  it('finds no fault with a chain that only grows, in whatever order and however often it is told', () => {
    fc.assert(fc.property(heads, heads, (ends, comparedWith) => {
      let held: WitnessedHead | undefined
      let highest = 0
      ends.forEach((sequence, index) => {
        const at = comparedWith[index % comparedWith.length]!
        const since = at <= sequence ? { sequence: at, hash: hashAt(at) } : null
        const told: ToldHead = { organizationId: acme, sequence, hash: hashAt(sequence), since }
        const verdict = judge(held, told, null)
        expect(['goes-on', 'stale']).toContain(verdict)
        if (verdict === 'goes-on') held = { ...told, restoration: null, contradiction: null }
        expect(held!.sequence).toBeGreaterThanOrEqual(highest)
        highest = held!.sequence
      })
    }))
  })

  it('forgives a restoration once', () => {
    const held = { organizationId: acme, sequence: 5, hash: 'h5', restoration: null, contradiction: null }
    const told = { organizationId: acme, sequence: 3, hash: 'h3', since: { sequence: 5, hash: null } }
    expect([judge(held, told, null), judge(held, told, 'r1'), judge({ ...held, restoration: 'r1' }, told, 'r1')]).toEqual(['cut', 'set-back', 'cut'])
  })
})

describe.each(testDialects)('chains that are witnessed, on %s', (_, open) => {
  let module: TestDatabase<object>
  let witness: TestDatabase<object>
  let asked: number
  let away: boolean

  const source: TellHeadsOptions['source'] = {
    auditHeads: (page) => chainHeads(module.database, page),
    auditHashes: async ({ at }) => ({ hashes: await chainHashes(module.database, at) }),
  }
  const keeper: TellHeadsOptions['witness'] = {
    witnessedHeads: async (page) => ({ heads: await witnessedHeads(witness.database, page) }),
    async keepAuditHeads(told) {
      asked++
      if (away) throw new Problem('unavailable', 'Later.')
      return { held: await keepHeads(witness.database, told) }
    },
  }
  const telling = () => createTellHeads({ module: 'registry', source, witness: keeper, everyMs: 10, log: pino({ level: 'silent' }) })
  const append = (organizationId: OrganizationId, target: string, database = module.database) =>
    database.transaction((tx) => tx.audit({ organizationId, action: 'client.created', target }))
  const compared = async () => (await compareWithWitness('registry', source, keeper)).contradicted
  const held = async () => Object.fromEntries((await witnessedHeads(witness.database, { module: 'registry', limit: 100 })).map((one) => [one.organizationId, one.sequence]))
  const evidence = async () => {
    const { audit } = witness.database.raw.platform
    const rows = await witness.database.raw.select().from(audit).orderBy(audit.organizationId, audit.sequence)
    return rows.map(({ organizationId, action, details }) => [organizationId, action, details.sequence, details.kind ?? details.to])
  }
  /** What only the owner of the database can do. */
  const tamper = (...statements: ReturnType<typeof sql>[]) => module.asOwner(async (rows) => {
    for (const drop of module.database.dialect === 'sqlite'
      ? [sql`drop trigger if exists audit_refuses_update`, sql`drop trigger if exists audit_refuses_delete`]
      : [sql`alter table vellum_registry.audit disable trigger all`]) await rows(drop)
    for (const statement of statements) await rows(statement)
  })
  const { audit, auditHeads } = { audit: () => module.database.raw.platform.audit, auditHeads: () => module.database.raw.platform.auditHeads }
  /** Takes the last entries away, and puts the head where the chain now ends: the module's own check finds nothing. */
  async function cut(organizationId: OrganizationId, to: number) {
    await tamper(sql`delete from ${audit()} where organization_id = ${organizationId} and sequence > ${to}`)
    const [last] = (await module.database.raw.select().from(audit()).where(eq(audit().organizationId, organizationId))).filter(({ sequence }) => sequence === to)
    await module.database.platformTransaction((_, raw) => raw.update(auditHeads()).set({ sequence: to, hash: last!.hash }).where(eq(auditHeads().organizationId, organizationId)))
  }
  /** Makes every hash of a chain anew, with one target changed. */
  async function rewrite(organizationId: OrganizationId) {
    const rows = (await module.database.raw.select().from(audit()).where(eq(audit().organizationId, organizationId))).sort((a, b) => a.sequence - b.sequence)
    let previousHash = chainStart
    const changed = rows.map((row) => {
      const entry = { ...row, target: row.sequence === 2 ? 'nobody' : row.target, previousHash }
      previousHash = auditHash({ ...entry, module: 'registry' })
      return { ...entry, hash: previousHash }
    })
    await tamper(...changed.map(({ target, previousHash: before, hash, sequence }) =>
      sql`update ${audit()} set target = ${target}, previous_hash = ${before}, hash = ${hash} where organization_id = ${organizationId} and sequence = ${sequence}`))
    await module.database.platformTransaction((_, raw) => raw.update(auditHeads()).set({ hash: previousHash }).where(eq(auditHeads().organizationId, organizationId)))
  }

  beforeEach(async () => {
    ;[asked, away] = [0, false]
    module = await open(defineSchema('registry', () => ({})), testKeys().ring)
    witness = await open(defineSchema('keeper', () => ({})), testKeys().ring)
    for (let i = 1; i <= 5; i++) await append(acme, `client-${i}`)
    await append(other, 'client-9')
  })
  afterEach(async () => {
    await module.close()
    await witness.close()
  })

  it('are told whole at first, then what has grown, in one call for any number of entries', async () => {
    const tell = telling()
    expect(await tell.tell()).toBe(0)
    expect(await held()).toEqual({ acme: 5, other: 1 })
    await tell.tell()
    expect(asked).toBe(1)
    for (let i = 0; i < 40; i++) await append(i % 2 ? acme : other, `more-${i}`)
    await tell.tell()
    expect([asked, await held(), await compared()]).toEqual([2, { acme: 25, other: 21 }, []])
    expect(await evidence()).toEqual([])
  })

  it('are told later by whoever comes after a crash or while the witness is away, and by several at once', async () => {
    away = true
    await expect(telling().tell()).rejects.toThrow()
    away = false
    const many = [telling(), telling(), telling()]
    for (let round = 0; round < 5; round++) {
      await append(acme, `round-${round}`)
      await Promise.all(many.map((one) => one.tell()))
    }
    await telling().tell()
    expect([await held(), await evidence(), await contradictedChains(witness.database, 10)]).toEqual([{ acme: 10, other: 1 }, [], []])
  })

  it('show an end that was cut off together with its head, also once the chain has grown past it', async () => {
    await telling().tell()
    await cut(acme, 3)
    expect((await verifyAudit(module.database)).broken).toEqual([])
    expect(await compared()).toEqual([{ module: 'registry', organizationId: 'acme', sequence: 5, reason: 'cut' }])
    expect(await telling().tell()).toBe(1)
    for (const target of ['a', 'b', 'c', 'd']) await append(acme, target)
    expect((await verifyAudit(module.database)).broken).toEqual([])
    const tell = telling()
    expect([await tell.tell(), await tell.tell()]).toEqual([1, 1])
    expect(await compared()).toEqual([{ module: 'registry', organizationId: 'acme', sequence: 5, reason: 'rewritten' }])
    expect(await held()).toEqual({ acme: 5, other: 1 })
    expect(await evidence()).toEqual([['acme', 'audit.contradicted', 5, 'cut'], ['acme', 'audit.contradicted', 5, 'rewritten']])
    expect(await contradictedChains(witness.database, 10)).toEqual([{ module: 'registry', organizationId: 'acme', sequence: 5, contradiction: 'rewritten' }])
  })

  it('show one that was cut and has grown again between two rounds of the same process', async () => {
    const tell = telling()
    await tell.tell()
    await cut(acme, 3)
    for (const target of ['a', 'b', 'c', 'd']) await append(acme, target)
    expect([await tell.tell(), await held()]).toEqual([1, { acme: 5, other: 1 }])
  })

  it('show a chain whose every hash was made anew', async () => {
    await telling().tell()
    await rewrite(acme)
    expect((await verifyAudit(module.database)).broken).toEqual([])
    expect(await compared()).toEqual([{ module: 'registry', organizationId: 'acme', sequence: 5, reason: 'rewritten' }])
    expect([await telling().tell(), await evidence()]).toEqual([1, [['acme', 'audit.contradicted', 5, 'rewritten']]])
  })

  it('show another database in the place of theirs', async () => {
    await telling().tell()
    await tamper(sql`delete from ${audit()}`)
    await module.database.platformTransaction((_, raw) => raw.delete(auditHeads()))
    expect((await verifyAudit(module.database)).broken).toEqual([])
    const gone = (organizationId: string, sequence: number) => ({ module: 'registry', organizationId, sequence, reason: 'cut' })
    expect(await compared()).toEqual([gone('acme', 5), gone('other', 1)])
    expect(await telling().tell()).toBe(2)
  })

  it('give way after a restoration, once, and that is on record', async () => {
    await telling().tell()
    await cut(acme, 3)
    await noteRestoration(module.database, { backupOf: '2026-01-01T00:00:00.000Z' })
    expect(await compared()).toEqual([{ module: 'registry', organizationId: 'acme', sequence: 5, reason: 'set-back' }])
    await append(acme, 'after')
    const tell = telling()
    expect([await tell.tell(), await compared(), await held()]).toEqual([0, [], { acme: 4, other: 1, [installation]: 1 }])
    expect(await evidence()).toEqual([['acme', 'audit.set-back', 5, 4]])
    await cut(acme, 2)
    expect(await telling().tell()).toBe(1)
    await noteRestoration(module.database, { reason: 'again' })
    expect([await telling().tell(), await contradictedChains(witness.database, 10)]).toEqual([0, []])
  })

  it('are no more contradicted once what was witnessed is back', async () => {
    await telling().tell()
    const kept = await module.database.raw.select().from(audit()).where(eq(audit().organizationId, acme))
    await cut(acme, 3)
    await telling().tell()
    await module.database.platformTransaction(async (_, raw) => {
      await raw.insert(audit()).values(kept.filter(({ sequence }) => sequence > 3))
      await raw.update(auditHeads()).set({ sequence: 5, hash: kept.find(({ sequence }) => sequence === 5)!.hash }).where(eq(auditHeads().organizationId, acme))
    })
    expect([await telling().tell(), await contradictedChains(witness.database, 10)]).toEqual([0, []])
  })
})
