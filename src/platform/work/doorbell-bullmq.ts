import { type ConnectionOptions, Queue, Worker } from 'bullmq'
import type { Logger } from 'pino'
import { redisFailure, redisOptions } from '../redis/connection.ts'
import { memoryDoorbell } from './doorbell-memory.ts'
import type { Doorbell } from './doorbell.ts'

export interface BullmqDoorbellOptions {
  readonly url: string
  /** Keeps installations apart that share a Redis. */
  readonly namespace: string
  readonly module: string
  readonly log: Logger
}

/** One ring per kind in this time wakes another process; a process's own runner hears every one. */
const throttleMs = 100

/**
 * The doorbell between the processes of a module: a job says which kind and nothing else, and goes to whichever process is
 * free. It is heard in this process without Redis; a ring that Redis loses is made good by the runner's sweep. Jobs go when
 * they are done, so that Redis does not fill.
 */
export function bullmqDoorbell({ url, namespace, module, log }: BullmqDoorbellOptions): Doorbell {
  const near = memoryDoorbell()
  const prefix = `vellum:${namespace}:bell`
  const connection = { url, ...redisOptions(url, 'commands') } as ConnectionOptions
  const queue = new Queue(module, {
    connection,
    prefix,
    streams: { events: { maxLen: 100 } },
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
  })
  const worker = new Worker(module, async ({ name }) => near.ring(name), {
    connection: { ...connection, ...redisOptions(url, 'blocked reads'), maxRetriesPerRequest: null } as ConnectionOptions,
    prefix,
    // A crash is no fault of a ring.
    maxStalledCount: 1_000,
    drainDelay: 2,
  })
  const quiet = (error: Error) => log.debug({ module, error: redisFailure(error) }, 'doorbell')
  queue.on('error', quiet)
  worker.on('error', quiet)
  const rungAt = new Map<string, number>()
  /** Kinds whose ring is on its way: while Redis is away no more of them gather. */
  const onTheWay = new Set<string>()

  return {
    ring(kind) {
      near.ring(kind)
      const now = performance.now()
      if (onTheWay.has(kind) || now - (rungAt.get(kind) ?? Number.NEGATIVE_INFINITY) < throttleMs) return
      rungAt.set(kind, now)
      onTheWay.add(kind)
      queue
        .add(kind, {}, { deduplication: { id: kind, ttl: throttleMs } })
        .catch(quiet)
        .finally(() => onTheWay.delete(kind))
    },
    listen: near.listen,
    async close() {
      await near.close()
      await Promise.all([worker.close(true), queue.close()].map((closing) => closing.catch(quiet)))
    },
  }
}
