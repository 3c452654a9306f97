/**
 * A process that works on two SQLite files and kills itself at the point that its first argument names, or goes on
 * until everything is done. Arguments: point, shop file, press file, effects file.
 */
import { appendFileSync } from 'node:fs'
import { pino } from 'pino'
import { memoryBus } from '#platform/events/bus-memory.ts'
import { createInbox } from '#platform/events/inbox.ts'
import { readRange, unrelayedCount } from '#platform/events/outbox.ts'
import { createRelay } from '#platform/events/relay.ts'
import { runStep, subscribe } from '#platform/module.ts'
import { memoryDoorbell } from '#platform/work/doorbell-memory.ts'
import { retryPolicy } from '#platform/work/retry-rules.ts'
import { createRunner } from '#platform/work/runner.ts'
import { ordered, press, print, shop } from './crash-schema.ts'
import { sqliteDatabase, testKeys } from './test-database.ts'
import { relayedStoreOf } from './relayed-store.ts'

const [point, shopFile, pressFile, effectsFile] = process.argv.slice(2)
const die = (at: string) => {
  if (point === at) process.kill(process.pid, 'SIGKILL')
}
const keys = testKeys().ring
const { database: shopDatabase } = await sqliteDatabase(shop, keys, shopFile)
const { database } = await sqliteDatabase(press, keys, pressFile)
const log = pino({ level: 'silent' })
const doorbell = memoryDoorbell()
database.onCommit(({ stepKinds }) => stepKinds.forEach(doorbell.ring))

const runner = createRunner({
  database, policy: retryPolicy(60), doorbell, log, sweepMs: 50,
  bindings: [runStep(print, async (step) => {
    appendFileSync(effectsFile!, `${step.key}\n`)
    die('after the effect')
    return async (tx) => void (await tx.insert(database.tables.pages).values({ id: step.key }))
  })],
})
const inbox = createInbox({
  database, keys, log, policy: retryPolicy(60), sweepMs: 50,
  subscribes: { shop: ['order'] },
  subscriptions: [subscribe('shop', ordered, async (event) => async (tx) => {
    await tx.insert(database.tables.orders).values({ id: event.id, number: event.data.number })
    await tx.addStep(print, event.organizationId, event.id, {})
    if (event.sequence === 3) die('in the subscriber\'s transaction')
  })],
  fetchEvents: (range) => readRange(shopDatabase, range),
  relayedStore: relayedStoreOf(shopDatabase),
})
const bus = memoryBus()
await runner.start()
inbox.start(bus)
const relay = createRelay({
  database: shopDatabase, log, sweepMs: 50,
  bus: { ...bus, publish: async (events) => {
    die('before publishing')
    await bus.publish(events)
    die('after publishing')
  } },
})
relay.start()

for (;;) {
  const { pages } = database.tables
  const { inbox: rows, steps } = database.raw.platform
  const left = await unrelayedCount(shopDatabase.raw) + await database.raw.$count(rows)
  if (left === 0 && await database.raw.$count(steps) === await database.read.$count(pages)) break
  await new Promise((resolve) => setTimeout(resolve, 20))
}
await relay.stop()
await inbox.stop()
await runner.stop()
await database.close()
await shopDatabase.close()
