import { Redis } from 'ioredis'
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible'
import { redisOptions } from '../redis/connection.ts'

/** Seconds of a window. */
const window = 60
/** How long a Redis that failed is not asked, in milliseconds. */
const restMs = 1_000

/** A connection of its own: a request waits for a count no longer than a moment. Close it with `disconnect()`. */
export function connectForLimits(url: string): Redis {
  const redis = new Redis(url, { ...redisOptions(url, 'commands'), commandTimeout: 250 })
  // Whoever counts is told when a command fails.
  redis.on('error', () => {})
  return redis
}

export interface RateLimitOptions {
  /** Stands in headers, and in Redis. */
  readonly name: string
  readonly perMinute: number
  /** Counts for all processes together; without it, or while it is away, each counts for itself. */
  readonly redis?: Redis | undefined
  /** Told when Redis fails. */
  readonly onError?: (error: unknown) => void
}

/** What is left of an allowance. */
export interface Allowance {
  readonly allowed: boolean
  readonly policy: string
  readonly perMinute: number
  readonly remaining: number
  /** Until all of it is there again. */
  readonly resetSeconds: number
}

export interface RateLimit {
  /** Counts one request. Never fails. */
  spend(key: string): Promise<Allowance>
}

/** So many requests of one key in a minute, in windows that begin with a key's first request. */
export function createRateLimit({ name, perMinute, redis, onError }: RateLimitOptions): RateLimit {
  const rule = { points: perMinute, duration: window, keyPrefix: `vellum:rate:${name}` }
  const memory = new RateLimiterMemory(rule)
  // Who has spent everything is refused without asking Redis again.
  const shared = redis && new RateLimiterRedis({ ...rule, storeClient: redis, rejectIfRedisNotReady: true, inMemoryBlockOnConsumed: perMinute + 1 })
  let asksRedisAt = Number.NEGATIVE_INFINITY

  const consume = async (limiter: RateLimiterMemory | RateLimiterRedis, key: string): Promise<Allowance> => {
    const told = (allowed: boolean, { remainingPoints, msBeforeNext }: RateLimiterRes): Allowance => ({
      allowed,
      policy: name,
      perMinute,
      remaining: Math.max(remainingPoints, 0),
      resetSeconds: Math.ceil(Math.max(msBeforeNext, 0) / 1_000),
    })
    try {
      return told(true, await limiter.consume(key))
    } catch (error) {
      if (error instanceof RateLimiterRes) return told(false, error)
      throw error
    }
  }

  return {
    async spend(key) {
      if (shared && performance.now() >= asksRedisAt)
        try {
          return await consume(shared, key)
        } catch (error) {
          asksRedisAt = performance.now() + restMs
          onError?.(error)
        }
      return consume(memory, key)
    },
  }
}
