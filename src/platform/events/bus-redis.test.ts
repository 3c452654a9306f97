import { setTimeout as delay } from 'node:timers/promises'
import { Redis as Client } from 'ioredis'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineSchema } from '#platform/database/schema.ts'
import { defineEvent, type SealedEvent } from '#platform/event.ts'
import { subscribe } from '#platform/module.ts'
import type { OrganizationId } from '#platform/organization-id.ts'
import { retryPolicy } from '#platform/work/retry-rules.ts'
import { relayedStoreOf } from '../../../test/kernel/relayed-store.ts'
import { sqliteDatabase, type TestDatabase, testKeys } from '../../../test/kernel/test-database.ts'
import { freePort } from '../../../test/servers/free-port.ts'
import { type Redis, type RedisOptions, startRedis } from '../../../test/servers/redis.ts'
import type { Bus, Subscriber } from './bus.ts'
import { redisBus } from './bus-redis.ts'
import { createInbox, type Inbox } from './inbox.ts'
import { readRange, unrelayedCount } from './outbox.ts'
import { createRelay, type Relay } from './relay.ts'

const log = pino({ level: 'silent' })
const acme = 'acme' as OrganizationId
const sold = defineEvent({
  name: 'item.sold', version: 1, data: z.object({ item: z.string(), note: z.string() }), key: (data) => data.item,
})
const item = { publisher: 'shop', family: 'item' }
const patience = { timeout: 15_000, interval: 20 }

let port = 0
let servers: Redis[] = []
let buses: Bus[] = []
const serve = async (options: RedisOptions = {}): Promise<Redis> => {
  const redis = await startRedis({ port, ...options })
  servers.push(redis)
  return redis
}
const connect = (options = {}): Bus => {
  const bus = redisBus({ url: `redis://127.0.0.1:${port}`, namespace: 'test', log, ...options })
  buses.push(bus)
  return bus
}
const ask = async <R>(work: (client: Client) => Promise<R>): Promise<R> => {
  const client = new Client(port)
  try {
    return await work(client)
  } finally {
    client.disconnect()
  }
}

beforeEach(async () => {
  port = await freePort()
})
afterEach(async () => {
  await Promise.all(buses.map((bus) => bus.close()))
  await Promise.all(servers.map((server) => server.stop()))
  servers = []
  buses = []
})

const event = (key: string, publisher = 'shop'): SealedEvent => ({
  id: `id of ${key}`, name: 'item.sold', version: 1, publisher, organizationId: 'acme', key, sequence: 1,
  occurredAt: '2026-01-01T00:00:00.000Z', traceparent: null, data: 'c2VhbGVk',
})
const keeping = () => {
  const kept: string[] = []
  const subscriber: Subscriber = {
    deliver: async (events) => void kept.push(...events.map(({ key }) => key)),
    doubt: () => {},
  }
  return { kept, subscriber }
}
const numbered = (count: number) => Array.from({ length: count }, (_, at) => event(`key ${at}`))
const keysOf = (events: readonly SealedEvent[]) => events.map(({ key }) => key).sort()

describe('the bus over Redis', () => {
  test('brings every event to each module once, to whichever of its processes', async () => {
    await serve()
    const [bus, other] = [connect(), connect()]
    const [one, two, alone] = [keeping(), keeping(), keeping()]
    bus.subscribe('ledger', [item], one.subscriber)
    other.subscribe('ledger', [item], two.subscriber)
    other.subscribe('press', [item, { publisher: 'shop', family: 'order' }], alone.subscriber)
    const events = numbered(1_000)
    await bus.publish(events)
    await bus.publish([event('of another publisher', 'mill')])
    await expect.poll(() => [one.kept.length + two.kept.length, alone.kept.length], patience).toEqual([1_000, 1_000])
    expect([...one.kept, ...two.kept].sort()).toEqual(keysOf(events))
    expect(alone.kept.toSorted()).toEqual(keysOf(events))
  })

  test('brings again what could not be stored', async () => {
    await serve()
    const bus = connect()
    const { kept, subscriber } = keeping()
    let refusals = 3
    bus.subscribe('ledger', [item], {
      ...subscriber,
      deliver: (events) => (refusals-- > 0 ? Promise.reject(new Error('away')) : subscriber.deliver(events)),
    })
    await bus.publish(numbered(3))
    await expect.poll(() => kept.length, patience).toBe(3)
  })

  test('hands over what a process had read and not stored when it ended', async () => {
    await serve()
    const bus = connect()
    await ask(async (client) => {
      await client.xgroup('CREATE', 'vellum:test:events:shop/item', 'ledger', '0', 'MKSTREAM')
      await bus.publish(numbered(5))
      await client.xreadgroup('GROUP', 'ledger', 'killed', 'COUNT', 3, 'STREAMS', 'vellum:test:events:shop/item', '>')
    })
    const { kept, subscriber } = keeping()
    connect({ takeOverMs: 200 }).subscribe('ledger', [item], subscriber)
    await expect.poll(() => kept.toSorted(), patience).toEqual(keysOf(numbered(5)))
    await expect.poll(() => ask((client) => client.xpending('vellum:test:events:shop/item', 'ledger')), patience)
      .toEqual([0, null, null, null])
  })

  test('keeps no more than it was told to, and passes over what is no event', async () => {
    await serve()
    const bus = connect({ keep: 100 })
    await bus.publish(numbered(1_000))
    expect(await ask((client) => client.xlen('vellum:test:events:shop/item'))).toBeLessThan(250)
    await ask((client) => client.xadd('vellum:test:events:shop/item', '*', 'event', '{"nonsense":1}'))
    await bus.publish([event('behind it')])
    const { kept, subscriber } = keeping()
    bus.subscribe('ledger', [item], subscriber)
    await expect.poll(() => kept.at(-1), patience).toBe('behind it')
  })
})

const shopSchema = defineSchema('shop', () => ({}))
const ledgerSchema = defineSchema('ledger', (kit) => ({
  entries: kit.table('entries', { id: kit.id().primaryKey(), note: kit.text().notNull() }),
}))
type Ledger = ReturnType<typeof ledgerSchema.sqlite>['tables']

describe('what was relayed and not consumed arrives', () => {
  let shop: TestDatabase<object>
  let ledger: TestDatabase<Ledger>
  let keys: ReturnType<typeof testKeys>
  let relay: Relay | undefined
  let inbox: Inbox | undefined

  beforeEach(async () => {
    keys = testKeys()
    await keys.ring.load([acme])
    shop = await sqliteDatabase(shopSchema, keys.ring)
    ledger = await sqliteDatabase(ledgerSchema, keys.ring)
  })
  afterEach(async () => {
    await relay?.stop()
    await inbox?.stop()
    relay = inbox = undefined
    await shop.close()
    await ledger.close()
  })

  const publish = async (...notes: string[]) => {
    for (const note of notes) await shop.database.transaction((tx) => tx.publish(sold, acme, { item: crypto.randomUUID(), note }))
  }
  /** Redis takes what it is given, and has lost it a moment later. */
  let loses = false
  const startRelay = (bus = connect()) => {
    loses = false
    const losing: Bus = { ...bus, publish: async (events) => (loses ? undefined : bus.publish(events)) }
    relay = createRelay({ database: shop.database, bus: losing, log, sweepMs: 50 })
    relay.start()
  }
  const startInbox = (bus = connect(), compareMs = 400) => {
    inbox = createInbox<Ledger>({
      database: ledger.database,
      subscribes: { shop: ['item'] },
      subscriptions: [subscribe('shop', sold, async ({ id, data }) => async (tx) => {
        await tx.insert(tx.tables.entries).values({ id, note: data.note })
      })],
      keys: keys.ring,
      fetchEvents: (range) => readRange(shop.database, range),
      relayedStore: relayedStoreOf(shop.database),
      policy: retryPolicy(60),
      log,
      sweepMs: 50,
      compareMs,
    })
    inbox.start(bus)
  }
  const stopInbox = async () => {
    await inbox?.stop()
    inbox = undefined
  }
  const notes = async () => (await ledger.database.read.select().from(ledger.database.tables.entries)).map(({ note }) => note).sort()
  const relayed = () => expect.poll(() => unrelayedCount(shop.database.raw), patience).toBe(0)

  test('through Redis, which holds nothing but sealed data', async () => {
    await serve()
    // It compares itself with nobody in this time.
    startInbox(connect(), 60_000)
    startRelay()
    await delay(500)
    await publish('Ingeborg Canary')
    await expect.poll(notes, patience).toEqual(['Ingeborg Canary'])
    const held = await ask((client) => client.xrange('vellum:test:events:shop/item', '-', '+'))
    expect(held).toHaveLength(1)
    expect(JSON.stringify(held)).not.toContain('Canary')
    expect(JSON.stringify(held)).not.toContain(Buffer.from('Canary').toString('base64').slice(0, 6))
  })

  test('when Redis was flushed before it was read', async () => {
    await serve()
    startRelay()
    startInbox()
    await publish('first')
    await expect.poll(notes, patience).toEqual(['first'])
    await stopInbox()
    await publish('second', 'third')
    await relayed()
    await ask((client) => client.flushall())
    startInbox()
    await expect.poll(notes, patience).toEqual(['first', 'second', 'third'])
  })

  test('when Redis is flushed under a reader, and the next ones come through it', async () => {
    await serve()
    startRelay()
    const bus = connect()
    startInbox(bus, 60_000)
    await publish('first')
    await expect.poll(notes, patience).toEqual(['first'])
    loses = true
    await publish('second')
    await relayed()
    loses = false
    await ask((client) => client.flushall())
    await expect.poll(notes, patience).toEqual(['first', 'second'])
    await expect.poll(() => ask((client) => client.xinfo('GROUPS', 'vellum:test:events:shop/item')), patience).toHaveLength(1)
    await publish('third')
    await expect.poll(notes, patience).toEqual(['first', 'second', 'third'])
  })

  test('when Redis lost it silently, and no later event comes', async () => {
    await serve()
    startRelay()
    startInbox()
    await publish('first')
    await expect.poll(notes, patience).toEqual(['first'])
    loses = true
    await publish('lost')
    await relayed()
    await expect.poll(notes, patience).toEqual(['first', 'lost'])
  })

  test('when Redis trimmed it away', async () => {
    await serve()
    startInbox()
    await publish('first')
    startRelay(connect({ keep: 10 }))
    await expect.poll(notes, patience).toEqual(['first'])
    await stopInbox()
    const many = Array.from({ length: 600 }, (_, at) => `note ${at}`)
    await publish(...many)
    await relayed()
    expect(await ask((client) => client.xlen('vellum:test:events:shop/item'))).toBeLessThan(300)
    startInbox()
    await expect.poll(async () => (await notes()).length, patience).toBe(601)
  })

  test('while there is no Redis at all, and through it when it comes', async () => {
    startRelay()
    startInbox()
    await publish('without')
    await expect.poll(notes, patience).toEqual(['without'])
    await serve()
    await expect.poll(() => ask((client) => client.xinfo('GROUPS', 'vellum:test:events:shop/item').catch(() => [])), patience)
      .toHaveLength(1)
    await publish('with')
    await expect.poll(notes, patience).toEqual(['with', 'without'])
    await expect.poll(() => ask((client) => client.xlen('vellum:test:events:shop/item')), patience).toBeGreaterThan(0)
  })

  test('when Redis ends and comes back empty', async () => {
    const first = await serve()
    startRelay()
    startInbox()
    await publish('before')
    await expect.poll(notes, patience).toEqual(['before'])
    await first.stop()
    await publish('meanwhile')
    await serve()
    await publish('after')
    await expect.poll(notes, patience).toEqual(['after', 'before', 'meanwhile'])
  })

  test('when Redis is full', async () => {
    await serve()
    startRelay()
    startInbox()
    await publish('before')
    await expect.poll(notes, patience).toEqual(['before'])
    await ask((client) => client.config('SET', 'maxmemory', '100kb'))
    await publish('meanwhile')
    await expect.poll(notes, patience).toEqual(['before', 'meanwhile'])
    await expect(ask((client) => client.xadd('vellum:test:events:shop/item', '*', 'event', 'none'))).rejects.toThrow(/^OOM/)
  })
})
