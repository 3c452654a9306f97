import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Redis as Client } from 'ioredis'
import { ownCertificate } from '../../../scripts/lib/demo/own-certificate.ts'
import { freePort } from '../../../test/servers/free-port.ts'
import { type Redis, type RedisOptions, startRedis } from '../../../test/servers/redis.ts'
import { ConfigurationError } from '../config.ts'
import { redisFaults, redisOptions, refuseUnusableRedis } from './connection.ts'

let redis: Redis | undefined
let folder = ''
const serve = async (options: RedisOptions = {}) => (redis = await startRedis(options))
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vellum-redis-tls-'))
})
afterEach(async () => {
  await redis?.stop()
  redis = undefined
  rmSync(folder, { recursive: true, force: true })
})

describe('a Redis that the start finds', () => {
  test('is refused when it may evict, in one sentence', async () => {
    for (const maxmemoryPolicy of ['allkeys-lru', 'volatile-ttl'] as const) {
      const { url, stop } = await startRedis({ maxmemoryPolicy })
      const refusal = refuseUnusableRedis(url)
      await expect(refusal).rejects.toBeInstanceOf(ConfigurationError)
      await expect(refusal).rejects.toThrow(
        `REDIS_URL: Redis throws keys away when it is full (maxmemory-policy ${maxmemoryPolicy}); set maxmemory-policy noeviction there.`)
      await stop()
    }
  })

  test('is refused when it wants another password', async () => {
    const { url } = await serve({ password: 'right' })
    await expect(refuseUnusableRedis(url)).rejects.toThrow(/^REDIS_URL: Redis refuses this user or password/)
    await expect(refuseUnusableRedis(url.replace('//', '//:wrong@'))).rejects.toThrow(/user or password/)
    await refuseUnusableRedis(url.replace('//', '//:right@'))
  })

  test('is taken when it keeps everything, and when it is away', async () => {
    await refuseUnusableRedis((await serve()).url)
    await refuseUnusableRedis(`redis://127.0.0.1:${await freePort()}`)
  })

  test('says when it is full', async () => {
    const { url } = await serve({ maxmemory: '100mb' })
    const client = new Client(url)
    expect(await redisFaults(client)).toEqual({ policy: undefined, full: undefined })
    await client.config('SET', 'maxmemory', '1mb')
    expect((await redisFaults(client)).full).toBe('Redis is full (maxmemory 1048576); give it more memory.')
    client.disconnect()
  })
})

describe('rediss:', () => {
  const ping = async (url: string, ca: string): Promise<string | undefined> => {
    const { tls, ...options } = redisOptions(url, 'commands')
    const client = new Client(url, { ...options, retryStrategy: () => null, lazyConnect: true, tls: { ...tls, ca } })
    client.on('error', () => {})
    try {
      await client.connect()
      await client.ping()
      return (client as unknown as { stream: { getCipher(): { name: string } } }).stream.getCipher().name
    } finally {
      client.disconnect()
    }
  }

  test('is TLS 1.3 with AES-256, and refuses a server that offers less', async () => {
    const { certFile, keyFile, ca } = await ownCertificate(folder)
    const { url } = await serve({ tls: { certFile, keyFile } })
    expect(await ping(url, ca)).toBe('TLS_AES_256_GCM_SHA384')
    const weak = await startRedis({ tls: { certFile, keyFile, ciphersuites: 'TLS_AES_128_GCM_SHA256' } })
    await expect(ping(weak.url, ca)).rejects.toThrow()
    await weak.stop()
  })
})
