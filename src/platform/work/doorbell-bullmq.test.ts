import { setTimeout as delay } from 'node:timers/promises'
import { Redis as Client } from 'ioredis'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freePort } from '../../../test/servers/free-port.ts'
import { type Redis, startRedis } from '../../../test/servers/redis.ts'
import { bullmqDoorbell } from './doorbell-bullmq.ts'
import type { Doorbell } from './doorbell.ts'

const log = pino({ level: 'silent' })
const patience = { timeout: 15_000, interval: 20 }

describe('the doorbell over BullMQ', () => {
  let port = 0
  let redis: Redis | undefined
  let bells: Doorbell[] = []
  const open = (module = 'issuance') => {
    const rung: string[] = []
    const bell = bullmqDoorbell({ url: `redis://127.0.0.1:${port}`, namespace: 'test', module, log })
    bell.listen((kind) => void rung.push(kind))
    bells.push(bell)
    return { bell, rung }
  }
  const keys = async () => {
    const client = new Client(port)
    const all = await client.keys('*')
    const types = await Promise.all(all.map(async (key) => [key, await client.type(key)] as const))
    client.disconnect()
    return types
  }
  beforeEach(async () => {
    port = await freePort()
  })
  afterEach(async () => {
    await Promise.all(bells.map((bell) => bell.close()))
    await redis?.stop()
    redis = undefined
    bells = []
  })

  test('rings here at once, and in another process of the module, and in no other module', async () => {
    redis = await startRedis({ port })
    const [here, there, elsewhere] = [open(), open(), open('notification')]
    await expect.poll(() => {
      here.bell.ring('print')
      return there.rung.length
    }, { timeout: 15_000, interval: 150 }).toBeGreaterThan(0)
    expect(here.rung.length).toBeGreaterThan(0)
    expect(new Set([...here.rung, ...there.rung])).toEqual(new Set(['print']))
    expect(elsewhere.rung).toEqual([])
  })

  test('leaves nothing behind in Redis, however often it rings', async () => {
    redis = await startRedis({ port })
    const { bell, rung } = open()
    for (let round = 0; round < 15; round++) {
      for (let at = 0; at < 100; at++) bell.ring(`kind ${at % 7}`)
      await delay(110)
    }
    expect(rung.length).toBeGreaterThanOrEqual(1_500)
    const jobs = async () => (await keys()).filter(([key, type]) => /:\d+$/.test(key) || (type === 'zset' && !key.endsWith(':marker')))
    await expect.poll(jobs, patience).toEqual([])
    const client = new Client(port)
    expect(await client.xlen('vellum:test:bell:issuance:events')).toBeLessThan(500)
    client.disconnect()
  })

  test('is closed soon, whether Redis was never there or went away', async () => {
    const never = open()
    never.bell.ring('print')
    await delay(300)
    redis = await startRedis({ port: await freePort() })
    const lost = bullmqDoorbell({ url: redis.url, namespace: 'test', module: 'issuance', log })
    lost.ring('print')
    await delay(500)
    await redis.stop()
    lost.ring('other')
    const closed = Promise.all([never.bell.close(), lost.close()]).then(() => 'closed')
    expect(await Promise.race([closed, delay(5_000, 'still open')])).toBe('closed')
  })

  test('rings here while Redis is away, and there again when it is back', async () => {
    const [here, there] = [open(), open()]
    for (let at = 0; at < 1_000; at++) here.bell.ring('print')
    expect(here.rung).toHaveLength(1_000)
    redis = await startRedis({ port })
    await expect.poll(() => {
      here.bell.ring('print')
      return there.rung.length
    }, { timeout: 15_000, interval: 150 }).toBeGreaterThan(0)
  })
})
