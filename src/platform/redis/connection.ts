import { Redis, type RedisOptions } from 'ioredis'
import { ConfigurationError } from '../config.ts'
import { aes256Alone } from '../tls.ts'

/** What a connection is for: one that waits on the server for a read, or for what others say, can do nothing else. */
export type RedisPurpose = 'commands' | 'blocked reads' | 'subscription'

/** Milliseconds. */
const connectMs = 3_000
const answerMs = 3_000
/** How long a blocked read waits on the server. */
export const blockMs = 2_000

/**
 * How Vellum speaks to Redis: a command fails at once while Redis is away, because SQL has everything and looks again. `rediss:`
 * is TLS 1.3 with AES-256 (TLS_AES_256_GCM_SHA384) alone; Deno heeds the version, not the cipher list.
 */
export function redisOptions(url: string, purpose: RedisPurpose): RedisOptions {
  const { protocol } = new URL(url)
  return {
    // The shapes of answers that this code reads.
    protocol: 2,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: connectMs,
    retryStrategy: (times) => Math.min(times * 100, 2_000),
    // A network that swallows everything is noticed: the answer is waited for no longer than this.
    socketTimeout: purpose === 'blocked reads' ? blockMs + answerMs : answerMs,
    // It subscribes when it is ready, and again each time.
    ...(purpose === 'subscription' && { autoResubscribe: false }),
    connectionName: 'vellum',
    ...(protocol === 'rediss:' && { tls: aes256Alone }),
  }
}

/** A connection that comes back by itself. What breaks it while nobody waits is told by the next command. */
export function connectRedis(url: string, purpose: RedisPurpose): Redis {
  const redis = new Redis(url, redisOptions(url, purpose))
  redis.on('error', () => {})
  return redis
}

/** Waits while a connection is being made for the first time, or again; whether it was, the next command tells. */
export async function firstConnection(redis: Redis): Promise<void> {
  if (redis.status !== 'connecting' && redis.status !== 'connect') return
  await new Promise<void>((resolve) => {
    const done = () => {
      redis.off('ready', done).off('close', done)
      resolve()
    }
    redis.once('ready', done).once('close', done)
  })
}

/** What Redis or the way to it said; it names no key and no value. */
export const redisFailure = (error: unknown): string => (error instanceof Error ? error.message.slice(0, 200) : 'unknown')

/** What is wrong with a Redis that answers, each in a sentence. */
export interface RedisFaults {
  /** It may throw away what is not consumed yet. */
  readonly policy: string | undefined
  /** It takes nothing more. */
  readonly full: string | undefined
}

/** Throws when it does not answer. Asks `INFO`, because providers of Redis often do not allow `CONFIG`. */
export async function redisFaults(redis: Pick<Redis, 'info'>): Promise<RedisFaults> {
  const memory = await redis.info('memory')
  const value = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(memory)?.[1]
  const policy = value('maxmemory_policy') ?? 'noeviction'
  const [used, most] = [Number(value('used_memory')), Number(value('maxmemory'))]
  return {
    policy: policy === 'noeviction'
      ? undefined
      : `Redis throws keys away when it is full (maxmemory-policy ${policy}); set maxmemory-policy noeviction there.`,
    // What connections hold comes and goes.
    full: most > 0 && used >= most * 0.95 ? `Redis is full (maxmemory ${most}); give it more memory.` : undefined,
  }
}

/**
 * Refuses a Redis that answers and cannot be used. One that is away is no fault: events and steps only come later.
 * @throws {ConfigurationError} another eviction policy than `noeviction`, a wrong user or password
 */
export async function refuseUnusableRedis(url: string): Promise<void> {
  const redis = new Redis(url, { ...redisOptions(url, 'commands'), lazyConnect: true, retryStrategy: () => null })
  let refusal: Error | undefined
  redis.on('error', (error) => (refusal = error))
  try {
    await redis.connect()
    const { policy } = await redisFaults(redis)
    if (policy !== undefined) throw new ConfigurationError([`REDIS_URL: ${policy}`])
  } catch (error) {
    if (error instanceof ConfigurationError) throw error
    const told = [error, refusal].find((one) => one instanceof Error && /^(NOAUTH|WRONGPASS|NOPERM|ERR AUTH)/.test(one.message))
    if (told) throw new ConfigurationError(['REDIS_URL: Redis refuses this user or password; write it as redis://user:password@host:port.'])
  } finally {
    redis.disconnect()
  }
}
