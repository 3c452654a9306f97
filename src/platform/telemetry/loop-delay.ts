import { monitorEventLoopDelay } from 'node:perf_hooks'

/** How much later than it was due the event loop came to a timer, in milliseconds. */
export interface LoopDelay {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

const resolutionMs = 20

/**
 * The runtime counts the time between two ticks of its timer, so its own period is taken off. Undefined: it counts nothing,
 * as Deno does.
 */
function delayOf(histogram: ReturnType<typeof monitorEventLoopDelay>): LoopDelay | undefined {
  if (histogram.count === 0) return undefined
  const beyond = (nanoseconds: number) => Math.max(nanoseconds / 1e6 - resolutionMs, 0)
  return { p50Ms: beyond(histogram.percentile(50)), p99Ms: beyond(histogram.percentile(99)), maxMs: beyond(histogram.max) }
}

export interface LoopWatch {
  /** Since it was last asked. */
  take(): LoopDelay | undefined
  /** Since it was started. */
  overall(): LoopDelay | undefined
  stop(): void
}

/** Watches the event loop of this thread. */
export function watchLoop(): LoopWatch {
  const [recent, all] = [monitorEventLoopDelay({ resolution: resolutionMs }), monitorEventLoopDelay({ resolution: resolutionMs })]
  recent.enable()
  all.enable()
  return {
    take() {
      const delay = delayOf(recent)
      recent.reset()
      return delay
    },
    overall: () => delayOf(all),
    stop() {
      recent.disable()
      all.disable()
    },
  }
}
