import type { Logger } from 'pino'
import { serviceKey } from '../call/service-token.ts'
import type { KeyRing } from '../crypto/key-ring-types.ts'
import type { Bus } from '../events/bus.ts'
import { redisBus } from '../events/bus-redis.ts'
import type { ReadinessCheck } from '../http/probes.ts'
import { bullmqDoorbell } from '../work/doorbell-bullmq.ts'
import type { Doorbell } from '../work/doorbell.ts'
import { connectRedis, firstConnection, redisFailure, redisFaults } from './connection.ts'

/** What a process has of Redis: events arrive sooner through it, and a ring wakes other processes. Nothing is true there. */
export interface RedisParts {
  readonly bus: Bus
  readonly doorbell: (module: string) => Doorbell
  /** A key ring whose `forget` and `renew` are heard by the key rings of all processes. One that misses them fetches anew within a minute. */
  readonly shareForgetting: (keys: KeyRing) => KeyRing
  /** Fails while Redis is away or full, or may throw away what it holds. */
  readonly conditions: Readonly<Record<string, ReadinessCheck>>
  close(): Promise<void>
}

/** Before a subject whose key has a new version; alone, it is one whose key is gone. */
const renewal = 'renew '

/** Connects in the background: the process starts and works while Redis is away. */
export function createRedis({ url, serviceSecret, log }: {
  readonly url: string
  readonly serviceSecret: Uint8Array
  readonly log: Logger
}): RedisParts {
  // The same for all processes of an installation, and for no other's.
  const namespace = Buffer.from(serviceKey(serviceSecret, 'redis namespace v1')).toString('hex').slice(0, 12)
  const redis = connectRedis(url, 'commands')
  // An operator may change the policy, or put another Redis there, at any time.
  redis.on('ready', () => {
    redisFaults(redis).then(
      ({ policy }) => policy !== undefined && log.error({ fault: policy }, 'Redis is not set up as it must be'),
      () => {},
    )
  })
  const channel = `vellum:${namespace}:forget`
  const rings: KeyRing[] = []
  const heard = connectRedis(url, 'subscription')
  heard.on('ready', () => void heard.subscribe(channel).catch(() => {}))
  heard.on('message', (_, message: string) => {
    const renewed = message.startsWith(renewal) ? message.slice(renewal.length) : undefined
    for (const keys of rings) {
      if (renewed === undefined) keys.forget(message)
      else keys.renew(renewed)
    }
  })
  return {
    bus: redisBus({ url, namespace, log }),
    shareForgetting(keys) {
      rings.push(keys)
      return {
        ...keys,
        forget(subject) {
          keys.forget(subject)
          redis.publish(channel, subject).catch(() => {})
        },
        renew(subject) {
          keys.renew(subject)
          redis.publish(channel, renewal + subject).catch(() => {})
        },
      }
    },
    doorbell: (module) => bullmqDoorbell({ url, namespace, module, log }),
    conditions: {
      async redis() {
        await firstConnection(redis)
        const { policy, full } = await redisFaults(redis).catch((error: unknown) => {
          throw new Error(`cannot be reached: ${redisFailure(error)}`, { cause: error })
        })
        if (policy ?? full) throw new Error(policy ?? full)
      },
    },
    async close() {
      heard.disconnect()
      redis.disconnect()
    },
  }
}
