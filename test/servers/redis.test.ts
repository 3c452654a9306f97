import { Redis as Client } from 'ioredis'
import { expect, it } from 'vitest'
import { startRedis } from './redis.ts'

it('starts empty, refuses to evict, and ends when stopped', async () => {
  const redis = await startRedis()
  const client = new Client(redis.url, { retryStrategy: null })
  client.on('error', () => undefined)
  expect(await client.dbsize()).toBe(0)
  expect(await client.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction'])
  await redis.stop()
  await expect(client.ping()).rejects.toThrow()
  client.disconnect()
})

it('takes the settings that a test asks for', async () => {
  const redis = await startRedis({ appendOnly: true, maxmemory: '16mb', maxmemoryPolicy: 'allkeys-lru' })
  const client = new Client(redis.url)
  expect(await client.config('GET', 'appendonly')).toEqual(['appendonly', 'yes'])
  expect(await client.config('GET', 'maxmemory')).toEqual(['maxmemory', String(16 * 1024 * 1024)])
  expect(await client.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'allkeys-lru'])
  client.disconnect()
  await redis.stop()
})
