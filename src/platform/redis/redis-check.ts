import { Redis } from 'ioredis'
import { type Check, fail, type Finding, ok, warn } from '../check.ts'
import { redisFailure, redisFaults, redisOptions } from './connection.ts'

/** Whether Redis answers, throws nothing away, has room, and keeps what it has over a restart. */
export const redisCheck = (url: string): Check => ({ name: 'redis', run: () => look(url) })

async function look(url: string): Promise<Finding> {
  const redis = new Redis(url, { ...redisOptions(url, 'commands'), lazyConnect: true, retryStrategy: () => null })
  let refusal: unknown
  redis.on('error', (error) => (refusal = error))
  try {
    await redis.connect()
    const { policy, full } = await redisFaults(redis)
    if (policy !== undefined || full !== undefined) return fail(policy ?? full!)
    const kept = /^aof_enabled:1/m.test(await redis.info('persistence'))
    return kept
      ? ok('Redis answers, throws nothing away, and writes an append-only file.')
      : warn('Redis keeps nothing over a restart, which costs seconds of catching up; set appendonly yes there.')
  } catch (error) {
    return fail(`Redis cannot be used (${redisFailure(refusal ?? error)}); check REDIS_URL and that it runs. Nothing is lost meanwhile, only late.`)
  } finally {
    redis.disconnect()
  }
}
