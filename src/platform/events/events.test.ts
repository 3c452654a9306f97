import { readFileSync } from 'node:fs'
import { eq, sql } from 'drizzle-orm'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { currentContext } from '#platform/context.ts'
import { defineSchema } from '#platform/database/schema.ts'
import { countBeginning, sealedColumns } from '#platform/database/sealed-columns.ts'
import { defineEvent, type SealedEvent } from '#platform/event.ts'
import { type EventHandler, subscribe } from '#platform/module.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { beginningsBefore, resealColumn } from '#platform/reseal/reseal-column.ts'
import { retryPolicy } from '#platform/work/retry-rules.ts'
import { Unavailable } from '#platform/work/step.ts'
import { relayedStoreOf } from '../../../test/kernel/relayed-store.ts'
import { type TestDatabase, testDialects, testKeys } from '../../../test/kernel/test-database.ts'
import { memoryBus } from './bus-memory.ts'
import { createInbox, type Inbox } from './inbox.ts'
import { advance } from './inbox-store.ts'
import { readPage, readRange, unrelayedCount, unrelayedEvents } from './outbox.ts'
import { listParked, retryParked, skipParked } from './parked.ts'
import { createRelay, type Relay } from './relay.ts'
import { replay } from './replay.ts'

const schema = defineSchema('shop', () => ({}))
const readModel = defineSchema('ledger', (kit) => ({
  entries: kit.table('entries', { id: kit.id().primaryKey(), item: kit.text().notNull(), what: kit.text().notNull() }),
}))
type Ledger = ReturnType<typeof readModel.sqlite>['tables']

const Data = z.object({ item: z.string(), person: z.string().optional(), note: z.string() })
const define = (name: string) =>
  defineEvent({ name, version: 1, data: Data, key: (data) => data.item, subject: (data) => data.person ?? 'acme' })
const sold = define('item.sold')
const returned = define('item.returned')
const acme = 'acme' as OrganizationId
const log = pino({ level: 'silent' })

describe.each(testDialects)('events on %s', (_, open) => {
  let shop: TestDatabase<object>
  let ledger: TestDatabase<Ledger>
  let inbox: Inbox | undefined
  let relay: Relay | undefined
  let keys: ReturnType<typeof testKeys>
  beforeEach(async () => {
    keys = testKeys()
    shop = await open(schema, keys.ring)
    ledger = await open(readModel, keys.ring)
  })
  afterEach(async () => {
    await relay?.stop()
    await inbox?.stop()
    relay = inbox = undefined
    await shop.close()
    await ledger.close()
  })

  const publish = async (item: string, note: string, event = sold, person?: string) => {
    await keys.ring.load([acme, ...(person ? [person] : [])])
    await shop.database.transaction((tx) => tx.publish(event, acme, { item, note, ...(person ? { person } : {}) }))
  }
  const write: EventHandler<Ledger> = async (event) => async (tx) => {
    await tx.insert(tx.tables.entries).values({ id: event.id, item: event.key, what: (event.data as { note: string }).note })
  }
  const makeInbox = (handler: EventHandler<Ledger> = write, options = {}) => {
    inbox = createInbox({
      database: ledger.database,
      subscribes: { shop: ['item'] },
      subscriptions: [subscribe('shop', sold, handler)],
      keys: keys.ring,
      fetchEvents: (range) => readRange(shop.database, range),
      relayedStore: relayedStoreOf(shop.database),
      policy: retryPolicy(60),
      log,
      sweepMs: 200,
      ...options,
    })
    return inbox
  }
  const start = (deliverTwice = false) => {
    const bus = memoryBus()
    inbox!.start(bus)
    relay = createRelay({ database: shop.database, bus, log, sweepMs: 200, deliverTwice })
    relay.start()
  }
  const entries = async () => (await ledger.database.read.select().from(ledger.database.tables.entries)
    .orderBy(ledger.database.tables.entries.id)).map(({ item, what }) => `${item}: ${what}`)
  const position = async (key: string) => {
    const { inboxPositions } = ledger.database.raw.platform
    return (await ledger.database.raw.select().from(inboxPositions).where(eq(inboxPositions.key, key)))[0]?.position ?? 0
  }
  const inboxRows = () => ledger.database.raw.select().from(ledger.database.raw.platform.inbox)
  const settled = () => expect.poll(async () => [await unrelayedCount(shop.database.raw), (await inboxRows()).length], {
    timeout: 5_000, interval: 10,
  }).toEqual([0, 0])

  test('an event is numbered in the publisher and applied in the subscriber, with its context', async () => {
    const seen: unknown[] = []
    makeInbox(async (event) => {
      const { organizationId, actor } = currentContext()
      seen.push([event.name, event.key, event.sequence, event.publisher, event.data, organizationId, actor])
    })
    start()
    await publish('lamp', 'first')
    await publish('lamp', 'second')
    await publish('chair', 'other')
    await expect.poll(() => seen.length).toBe(3)
    expect(seen.filter((one) => (one as string[])[1] === 'lamp')).toEqual([
      ['item.sold', 'lamp', 1, 'shop', { item: 'lamp', note: 'first' }, 'acme', 'module:ledger'],
      ['item.sold', 'lamp', 2, 'shop', { item: 'lamp', note: 'second' }, 'acme', 'module:ledger'],
    ])
    await expect.poll(() => unrelayedCount(shop.database.raw)).toBe(0)
  })

  test('a transaction that rolls back publishes nothing and uses up no number', async () => {
    await keys.ring.load([acme])
    await expect(shop.database.transaction(async (tx) => {
      await tx.publish(sold, acme, { item: 'lamp', note: 'never' })
      throw new Error('no')
    })).rejects.toThrow('no')
    await publish('lamp', 'first')
    expect((await unrelayedEvents(shop.database, 10)).map((event) => event.sequence)).toEqual([1])
  })

  test('out of order, twice, and behind a poison one: each key gets 1, 2, 3 … once, and the poisoned key waits', async () => {
    let poisoned = true
    const order: string[] = []
    makeInbox(async (event) => {
      const { note } = event.data as { note: string }
      if (event.key === 'vase' && note === '2' && poisoned) throw new Error('poison')
      return async (tx) => {
        order.push(`${event.key} ${note}`)
        await tx.insert(tx.tables.entries).values({ id: event.id, item: event.key, what: note })
      }
    })
    inbox!.start(memoryBus())
    for (const item of ['lamp', 'vase']) for (const note of ['1', '2', '3', '4']) await publish(item, note)
    const events = await unrelayedEvents(shop.database, 100)
    for (const i of [3, 1, 7, 5, 1, 2, 6, 0, 3, 4, 0, 5]) {
      await inbox!.receive([events[i]!])
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await expect.poll(() => position('lamp')).toBe(4)
    await expect.poll(async () => (await inboxRows()).map((row) => `${row.sequence} ${row.state}`).sort(), { timeout: 5_000 })
      .toEqual(['2 parked', '3 waiting', '4 waiting'])
    expect(order).toEqual(expect.arrayContaining(['lamp 1', 'lamp 2', 'lamp 3', 'lamp 4', 'vase 1']))
    expect(order.filter((one) => one.startsWith('lamp'))).toEqual(['lamp 1', 'lamp 2', 'lamp 3', 'lamp 4'])
    expect(order.filter((one) => one.startsWith('vase'))).toEqual(['vase 1'])
    const [parked] = (await inboxRows()).filter((row) => row.state === 'parked')
    expect(parked).toMatchObject({ attempts: 3, name: 'item.sold', lastError: expect.stringMatching(/^Error at .*events\.test/) })

    poisoned = false
    expect(await retryParked(ledger.database, { subscription: 'shop/item', key: 'vase' })).toBe(true)
    await expect.poll(inboxRows, { timeout: 5_000 }).toEqual([])
    expect(order.filter((one) => one.startsWith('vase'))).toEqual(['vase 1', 'vase 2', 'vase 3', 'vase 4'])
  })

  test('whoever comes second with an event commits nothing, whatever was decided before', async () => {
    const apply = (sequence: number) => ledger.database.platformTransaction(async (tx, raw) => {
      const moved = await advance(raw, [{ subscription: 'shop/item', key: 'lamp', sequence }])
      if (moved.size > 0) await tx.insert(tx.tables.entries).values({ id: crypto.randomUUID(), item: 'lamp', what: `${sequence}` })
      return moved.size
    })
    expect((await Promise.all([apply(1), apply(1)])).sort()).toEqual([0, 1])
    expect(await apply(3)).toBe(0)
    expect(await apply(2)).toBe(1)
    expect(await apply(2)).toBe(0)
    expect((await entries()).sort()).toEqual(['lamp: 1', 'lamp: 2'])
  })

  test('a parked event can be left out by a command, and its key goes on', async () => {
    makeInbox(async (event) => {
      if (event.sequence === 1) throw new Error('poison')
      return write(event)
    }, { policy: retryPolicy(1) })
    start()
    await publish('vase', 'bad')
    await publish('vase', 'good')
    await expect.poll(() => listParked(ledger.database)).toMatchObject([
      { subscription: 'shop/item', key: 'vase', sequence: 1, name: 'item.sold', organizationId: 'acme', waiting: 1 },
    ])
    await skipParked(ledger.database, { subscription: 'shop/item', key: 'vase' })
    await settled()
    expect(await entries()).toEqual(['vase: good'])
  })

  test('a handler that throws after partial writes leaves nothing, and is tried again', async () => {
    let attempts = 0
    makeInbox(async (event) => async (tx) => {
      await tx.insert(tx.tables.entries).values({ id: `${event.id} ${++attempts}`, item: event.key, what: `${attempts}` })
      if (attempts < 3) throw new Error('half way')
    })
    start()
    await publish('lamp', 'first')
    await settled()
    expect(await entries()).toEqual(['lamp: 3'])
  })

  test('absence of the other side counts nothing', async () => {
    let away = true
    let tries = 0
    makeInbox(async (event) => {
      tries++
      if (away) throw new Unavailable('away')
      return write(event)
    }, { policy: retryPolicy(10) })
    start()
    await publish('lamp', 'first')
    await expect.poll(() => tries, { timeout: 5_000 }).toBeGreaterThan(4)
    expect(await inboxRows()).toMatchObject([{ state: 'ready', attempts: 0 }])
    away = false
    await settled()
    expect(await entries()).toEqual(['lamp: first'])
  })

  test('an event of the family without a handler only counts', async () => {
    makeInbox()
    start()
    await publish('lamp', '1')
    await publish('lamp', '2', returned)
    await publish('lamp', '3')
    await expect.poll(() => position('lamp')).toBe(3)
    expect(await entries()).toEqual(['lamp: 1', 'lamp: 3'])
  })

  test('an event whose person was erased advances its key and reaches no handler', async () => {
    makeInbox()
    await publish('lamp', 'of Jane', sold, 'person-1')
    await publish('lamp', 'of nobody')
    keys.erase('person-1')
    start()
    await expect.poll(() => position('lamp')).toBe(2)
    expect(await entries()).toEqual(['lamp: of nobody'])
  })

  test('a gap that stays is fetched from the publisher', async () => {
    const asked: unknown[] = []
    makeInbox(write, {
      gapMs: 150,
      fetchEvents: (range: Parameters<typeof readRange>[1]) => {
        asked.push(range)
        return readRange(shop.database, range)
      },
    })
    inbox!.start(memoryBus())
    for (const note of ['1', '2', '3', '4']) await publish('lamp', note)
    const events = await unrelayedEvents(shop.database, 10)
    await inbox!.receive([events[0]!, events[3]!])
    await expect.poll(() => position('lamp'), { timeout: 5_000 }).toBe(4)
    expect(asked).toEqual([{ publisher: 'shop', family: 'item', key: 'lamp', fromSequence: 2, toSequence: 3 }])
    expect(await entries()).toHaveLength(4)
  })

  test('everything sent twice, the second time late and in reverse, has its effect once', async () => {
    makeInbox()
    start(true)
    for (let i = 1; i <= 20; i++) await publish(`item ${i % 4}`, `${i}`)
    await expect.poll(entries).toHaveLength(20)
    await new Promise((resolve) => setTimeout(resolve, 100))
    await settled()
    expect(await entries()).toHaveLength(20)
  })

  test('the relay sends again what the bus refused', async () => {
    makeInbox()
    let refusals = 2
    const bus = memoryBus()
    inbox!.start(bus)
    relay = createRelay({
      database: shop.database, log, sweepMs: 50,
      bus: { ...bus, publish: (events) => refusals-- > 0 ? Promise.reject(new Error('no')) : bus.publish(events) },
    })
    relay.start()
    await publish('lamp', 'first')
    await expect.poll(entries).toEqual(['lamp: first'])
    await expect.poll(() => unrelayedCount(shop.database.raw)).toBe(0)
  })

  test('a replay fills a read model again, and reaches this subscription alone', async () => {
    makeInbox()
    start()
    for (let i = 1; i <= 5; i++) await publish(i % 2 ? 'lamp' : 'vase', `${i}`)
    await expect.poll(entries).toHaveLength(5)
    await settled()
    const before = await entries()
    const { events } = await replay({
      database: ledger.database,
      publisher: 'shop',
      family: 'item',
      fetchPage: (page) => readPage(shop.database, { ...page, limit: 2 }),
      reset: async (tx) => void (await tx.delete(tx.tables.entries)),
    })
    expect(events).toBe(5)
    await settled()
    expect(await entries()).toEqual(before)
    expect([await position('lamp'), await position('vase')]).toEqual([3, 2])
    expect(await unrelayedCount(shop.database.raw)).toBe(0)
  })

  test('a replay since an instant repeats only what happened from then on', async () => {
    const applied: string[] = []
    makeInbox(async (event) => void applied.push((event.data as { note: string }).note))
    start()
    await publish('lamp', 'old')
    await expect.poll(() => applied.length).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 20))
    const since = new Date()
    await publish('lamp', 'new')
    await expect.poll(() => applied).toEqual(['old', 'new'])
    await settled()
    await replay({
      database: ledger.database, publisher: 'shop', family: 'item', since, fetchPage: (page) => readPage(shop.database, page),
    })
    await expect.poll(() => applied).toEqual(['old', 'new', 'new'])
    await settled()
    expect(await position('lamp')).toBe(2)
  })

  test('an event that was on its way while its key was rotated and retired is fetched from its publisher, where it was sealed anew', async () => {
    makeInbox()
    await publish('lamp', 'first')
    const [onItsWay] = await unrelayedEvents(shop.database, 1)
    keys.rotate('acme', [1, 2])
    const where = sealedColumns(schema).find(({ table, column }) => table === 'outbox' && column === 'data')!
    const beginnings = beginningsBefore([{ subject: 'acme', version: 2 }])
    expect(await countBeginning(shop.database, where, beginnings)).toBe(1)
    const load = () => keys.ring.load([acme])
    expect(await resealColumn(shop.database, where, beginnings, { keys: keys.ring, load, turn: async () => {} })).toBe(1)
    expect(await countBeginning(shop.database, where, beginnings)).toBe(0)
    keys.rotate('acme', [2])
    await load()
    inbox!.start(memoryBus())
    await inbox!.receive([onItsWay!])
    await expect.poll(entries).toEqual(['lamp: first'])
    expect((await unrelayedEvents(shop.database, 1))[0]!.data).not.toBe(onItsWay!.data)
  })

  test('an event that was moved to another row does not open: it is poison', async () => {
    makeInbox(write, { policy: retryPolicy(1) })
    inbox!.start(memoryBus())
    await publish('lamp', 'first')
    await publish('vase', 'second')
    const [lamp, vase] = await unrelayedEvents(shop.database, 10)
    await inbox!.receive([{ ...lamp!, data: vase!.data } satisfies SealedEvent])
    await expect.poll(async () => (await inboxRows())[0]?.state, { timeout: 5_000 }).toBe('parked')
    expect(await entries()).toEqual([])
  })

  test('the data of an event is at rest in no clear form, in the outbox and in the inbox', async () => {
    makeInbox(async () => {
      throw new Error('Ingeborg Canary')
    }, { policy: retryPolicy(1) })
    start()
    await publish('lamp', 'Ingeborg Canary', sold, 'person-1')
    await expect.poll(async () => (await inboxRows())[0]?.state, { timeout: 5_000 }).toBe('parked')
    for (const { database, files } of [shop, ledger]) {
      const stored = await Promise.all([
        database.raw.rows(sql`select * from ${database.raw.platform.outbox}`),
        database.raw.rows(sql`select * from ${database.raw.platform.inbox}`),
      ])
      expect(JSON.stringify(stored)).not.toContain('Canary')
      for (const file of files()) {
        const bytes = readFileSync(file)
        expect(bytes.includes('Canary'), file).toBe(false)
        expect(bytes.includes(Buffer.from('Ingeborg Canary').toString('base64').slice(0, 12)), file).toBe(false)
      }
    }
  })
})
