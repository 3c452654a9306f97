import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { SealedEventJson } from '../platform-operations.ts'
import type { SealedEvent } from '../event.ts'
import { blockMs, connectRedis, firstConnection, redisFailure } from '../redis/connection.ts'
import { describeFailure } from '../work/retry-rules.ts'
import type { Bus, Listening, Subscriber } from './bus.ts'
import { pause } from './exclusive.ts'
import { subscriptionId, subscriptionOf } from './subscription.ts'

export interface RedisBusOptions {
  readonly url: string
  /** Keeps installations apart that share a Redis. */
  readonly namespace: string
  readonly log: Logger
  /** About how many events a stream keeps; 10,000 unless told. */
  readonly keep?: number
  /** After how long another consumer's unacknowledged events are taken over; 30 s unless told. */
  readonly takeOverMs?: number
}

const eventsPerRead = 200
/** What is left of this process's streams when Redis is full: everything is in SQL, and room is made for what is new. */
const keptWhenFull = 100
const longestPauseMs = 5_000
/** A consumer that has been silent for so long belongs to a process that is gone. */
const consumerForgottenMs = 3_600_000

type Entry = [id: string, fields: string[] | null]

/**
 * The bus over Redis Streams: a stream per family, a consumer group per subscribing module, whose processes share what
 * comes. Redis is quick and may forget: what it refuses, trims or loses is found in SQL by whoever lacks it, so that
 * nothing here needs to be certain. It holds events as they are at rest, their data sealed.
 */
export function redisBus({ url, namespace, log, keep = 10_000, takeOverMs = 30_000 }: RedisBusOptions): Bus {
  const streamOf = (id: string): string => `vellum:${namespace}:events:${id}`
  const closed = new AbortController()
  const listening = new Set<Listening>()
  const commands = connectRedis(url, 'commands')
  let refusing = false

  async function append(events: readonly SealedEvent[]): Promise<void> {
    await firstConnection(commands)
    const pipeline = commands.pipeline()
    for (const event of events) {
      pipeline.xadd(streamOf(subscriptionOf(event)), 'MAXLEN', '~', keep, '*', 'event', JSON.stringify(event))
    }
    const results = (await pipeline.exec()) ?? []
    const failed = results.find(([error]) => error !== null)?.[0]
    if (failed) throw failed
  }

  async function appendWithRoom(events: readonly SealedEvent[]): Promise<void> {
    try {
      await append(events)
    } catch (error) {
      if (!(error as Error).message.startsWith('OOM')) throw error
      for (const id of new Set(events.map(subscriptionOf))) await commands.xtrim(streamOf(id), 'MAXLEN', keptWhenFull)
      await append(events)
    }
  }

  function listen(module: string, ids: readonly string[], subscriber: Subscriber): Listening {
    const streams = ids.map(streamOf)
    const consumer = randomUUID()
    const stopped = new AbortController()
    const signal = AbortSignal.any([stopped.signal, closed.signal])
    const redis = connectRedis(url, 'blocked reads')
    let connected = false
    /** Nothing is in hand: the connection may be cut. */
    let blocked = false
    /** Groups may be missing, and events with them. */
    let doubtful = true

    /** Resolves when they are in the inbox, however long its database is away; they stay pending in Redis until then. */
    async function handOver(stream: string, entries: readonly Entry[]): Promise<void> {
      const events = entries.map(([, fields]) => readEvent(fields)).filter((event) => event !== undefined)
      for (let pauseMs = 50; events.length > 0; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
        try {
          await subscriber.deliver(events)
          break
        } catch (error) {
          log.warn({ error: describeFailure(error), pauseMs }, 'events could not be stored; they are tried again')
          await pause(pauseMs, signal)
          if (signal.aborted) return
        }
      }
      await redis.xack(stream, module, ...entries.map(([id]) => id))
    }

    function readEvent(fields: string[] | null): SealedEvent | undefined {
      try {
        return SealedEventJson.parse(JSON.parse(fields?.[1] ?? ''))
      } catch {
        // Its publisher has the event as it was; this is not it.
        log.error({}, 'Redis held something that is no event; it was passed over')
        return undefined
      }
    }

    async function openGroups(): Promise<void> {
      for (const stream of streams) {
        await redis.xgroup('CREATE', stream, module, '0', 'MKSTREAM').catch((error: Error) => {
          if (!error.message.startsWith('BUSYGROUP')) throw error
        })
        for (const silent of await silentConsumers(stream)) await redis.xgroup('DELCONSUMER', stream, module, silent)
      }
    }

    async function silentConsumers(stream: string): Promise<string[]> {
      const all = ((await redis.xinfo('CONSUMERS', stream, module)) as (string | number)[][]).map(recordOf)
      return all
        .filter(({ pending, idle }) => pending === 0 && Number(idle) > consumerForgottenMs)
        .map(({ name }) => String(name))
    }

    /** What a process had read and not stored when it ended. */
    async function takeOver(): Promise<void> {
      for (const stream of streams) {
        let cursor = '0-0'
        do {
          const answer = await redis.xautoclaim(stream, module, consumer, takeOverMs, cursor, 'COUNT', eventsPerRead)
          const [next, entries] = answer as [string, Entry[]]
          cursor = next
          if (entries.length > 0) await handOver(stream, entries)
        } while (cursor !== '0-0' && !signal.aborted)
      }
    }

    async function read(): Promise<void> {
      let pauseMs = 50
      let takeOverAt = 0
      while (!signal.aborted) {
        try {
          if (doubtful) {
            await firstConnection(redis)
            await openGroups()
            doubtful = false
            if (!connected) log.info({ module }, 'events arrive through Redis')
            connected = true
            subscriber.doubt()
          }
          if (performance.now() >= takeOverAt) {
            await takeOver()
            takeOverAt = performance.now() + takeOverMs / 2
          }
          blocked = true
          const answer = await redis
            .xreadgroup('GROUP', module, consumer, 'COUNT', eventsPerRead, 'BLOCK', blockMs, 'STREAMS', ...streams, ...streams.map(() => '>'))
            .finally(() => (blocked = false))
          for (const [stream, entries] of (answer ?? []) as [string, Entry[]][]) await handOver(stream, entries)
          pauseMs = 50
        } catch (error) {
          if (signal.aborted) return
          doubtful = true
          const forgotten = /NOGROUP|UNBLOCKED/.test((error as Error).message)
          if (!forgotten && connected) log.warn({ module, error: redisFailure(error) }, 'events do not arrive through Redis; they are fetched')
          connected &&= forgotten
          subscriber.doubt()
          await pause(pauseMs, signal)
          pauseMs = forgotten ? 50 : Math.min(pauseMs * 2, longestPauseMs)
        }
      }
    }

    const reading = read()
    const self: Listening = {
      connected: () => connected,
      async stop() {
        listening.delete(self)
        stopped.abort()
        if (blocked) redis.disconnect()
        await reading
        redis.disconnect()
      },
    }
    return self
  }

  return {
    forgets: true,
    async publish(events) {
      try {
        await appendWithRoom(events)
        if (refusing) log.info({}, 'events go through Redis again')
        refusing = false
      } catch (error) {
        if (!refusing) log.warn({ error: redisFailure(error) }, 'Redis does not take events; subscribers fetch them')
        refusing = true
      }
    },
    subscribe(module, families, subscriber) {
      const self = listen(module, families.map(subscriptionId), subscriber)
      listening.add(self)
      return self
    },
    async close() {
      closed.abort()
      await Promise.all([...listening].map((one) => one.stop()))
      commands.disconnect()
    },
  }
}

/** Redis answers records as names and values in turn. */
const recordOf = (flat: readonly (string | number)[]): Record<string, string | number> =>
  Object.fromEntries(flat.flatMap((name, at) => (at % 2 === 0 ? [[String(name), flat[at + 1]!]] : [])))
