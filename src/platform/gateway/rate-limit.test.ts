import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { type Redis as RedisServer, startRedis } from '../../../test/servers/redis.ts'
import { connectForLimits, createRateLimit } from './rate-limit.ts'

const stops: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

async function connected(): Promise<{ server: RedisServer; connect(): Promise<ReturnType<typeof connectForLimits>> }> {
  const server = await startRedis()
  stops.push(() => server.stop())
  return {
    server,
    async connect() {
      const redis = connectForLimits(server.url)
      stops.push(() => redis.disconnect())
      await expect.poll(() => redis.status).toBe('ready')
      return redis
    },
  }
}

const spendAll = async (limit: ReturnType<typeof createRateLimit>, key: string, times: number) => {
  const outcomes = []
  for (let time = 0; time < times; time++) outcomes.push((await limit.spend(key)).allowed)
  return outcomes.filter(Boolean).length
}

describe('a limit on the rate of requests', () => {
  it('lets so many through in a minute, of each key, and says what is left', async () => {
    const limit = createRateLimit({ name: 'test', perMinute: 3 })
    expect(await limit.spend('a')).toMatchObject({ allowed: true, remaining: 2, resetSeconds: 60 })
    expect(await spendAll(limit, 'a', 5)).toBe(2)
    expect(await limit.spend('a')).toMatchObject({ allowed: false, remaining: 0 })
    expect(await limit.spend('b')).toMatchObject({ allowed: true })
  })

  it('may be another for a single key, and is looked at without being spent', async () => {
    const limit = createRateLimit({ name: 'test', perMinute: 3 })
    expect([await limit.spend('a', 1), await limit.spend('a', 1)]).toMatchObject([{ allowed: true, perMinute: 1 }, { allowed: false }])
    expect([await limit.look('b'), await limit.look('b')]).toMatchObject([{ allowed: true, remaining: 3 }, { allowed: true, remaining: 3 }])
    await spendAll(limit, 'b', 3)
    expect(await limit.look('b')).toMatchObject({ allowed: false, remaining: 0 })
  })

  it('is looked at in Redis too', async () => {
    const { connect } = await connected()
    const limit = createRateLimit({ name: 'test', perMinute: 2, redis: await connect() })
    expect(await limit.look('a')).toMatchObject({ allowed: true, remaining: 2 })
    await spendAll(limit, 'a', 5)
    expect(await limit.look('a')).toMatchObject({ allowed: false })
  })

  it('is one for all processes that share a Redis', async () => {
    const { connect } = await connected()
    const options = { name: 'test', perMinute: 10 }
    const [one, other] = [createRateLimit({ ...options, redis: await connect() }), createRateLimit({ ...options, redis: await connect() })]
    expect((await spendAll(one, 'a', 6)) + (await spendAll(other, 'a', 6))).toBe(10)
  })

  it('counts in memory as soon as Redis is gone, in mid-run, without an error or a pause', async () => {
    const { server, connect } = await connected()
    const errors: unknown[] = []
    const limit = createRateLimit({ name: 'test', perMinute: 5, redis: await connect(), onError: (error) => errors.push(error) })
    expect(await spendAll(limit, 'a', 9)).toBe(5)
    await server.stop()
    const key = randomUUID()
    const begun = performance.now()
    expect(await spendAll(limit, key, 9)).toBe(5)
    expect(performance.now() - begun).toBeLessThan(1_500)
    expect(errors.length).toBeGreaterThan(0)
  })
})
