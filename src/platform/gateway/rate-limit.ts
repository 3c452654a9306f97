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
  /** Counts one request. Never fails. `perMinute` where a key has a limit of its own. */
  spend(key: string, perMinute?: number): Promise<Allowance>
  /** What is left, without counting anything. Never fails. */
  look(key: string): Promise<Allowance>
}

type Limiter = RateLimiterMemory | RateLimiterRedis
type Ask = (limiter: Limiter, perMinute: number) => Promise<Allowance>

/** So many different limits of single keys are kept at a time. */
const limitersAtMost = 200

/** So many requests of one key in a minute, in windows that begin with a key's first request. */
export function createRateLimit({ name, perMinute: usual, redis, onError }: RateLimitOptions): RateLimit {
  const known = new Map<number, { memory: Limiter; shared: Limiter | undefined }>()
  let asksRedisAt = Number.NEGATIVE_INFINITY

  function limitersOf(perMinute: number) {
    let limiters = known.get(perMinute)
    if (!limiters) {
      const rule = { points: perMinute, duration: window, keyPrefix: `vellum:rate:${name}` }
      limiters = {
        memory: new RateLimiterMemory(rule),
        // Who has spent everything is refused without asking Redis again.
        shared: redis && new RateLimiterRedis({ ...rule, storeClient: redis, rejectIfRedisNotReady: true, inMemoryBlockOnConsumed: perMinute + 1 }),
      }
      known.set(perMinute, limiters)
      if (known.size > limitersAtMost) known.delete([...known.keys()].find((one) => one !== usual)!)
    }
    return limiters
  }

  const told = (allowed: boolean, perMinute: number, { remainingPoints, msBeforeNext }: Pick<RateLimiterRes, 'remainingPoints' | 'msBeforeNext'>): Allowance => ({
    allowed,
    policy: name,
    perMinute,
    remaining: Math.max(remainingPoints, 0),
    resetSeconds: Math.ceil(Math.max(msBeforeNext, 0) / 1_000),
  })

  const consume = (key: string): Ask => async (limiter, perMinute) => {
    try {
      return told(true, perMinute, await limiter.consume(key))
    } catch (error) {
      if (error instanceof RateLimiterRes) return told(false, perMinute, error)
      throw error
    }
  }

  const peek = (key: string): Ask => async (limiter, perMinute) => {
    const found = (await limiter.get(key)) ?? { remainingPoints: perMinute, msBeforeNext: window * 1_000 }
    return told(found.remainingPoints > 0, perMinute, found)
  }

  async function ask(question: Ask, perMinute: number): Promise<Allowance> {
    const { memory, shared } = limitersOf(perMinute)
    if (shared && performance.now() >= asksRedisAt)
      try {
        return await question(shared, perMinute)
      } catch (error) {
        asksRedisAt = performance.now() + restMs
        onError?.(error)
      }
    return question(memory, perMinute)
  }

  return {
    spend: (key, perMinute = usual) => ask(consume(key), perMinute),
    look: (key) => ask(peek(key), usual),
  }
}
