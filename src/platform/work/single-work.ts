/**
 * Whether somebody waits for single things in this process, which one event loop serves together with files of thousands: while it is
 * so, work on many does less at once, so that what is single never waits behind much (decision 0203).
 */
export interface SingleWork {
  /** A single thing is begun or ended. */
  seen(): void
  isAround(): boolean
}

const aroundMs = 2_000

/** @param now milliseconds of a clock that only goes forward */
export function createSingleWork(now: () => number = () => performance.now()): SingleWork {
  let seenAt = Number.NEGATIVE_INFINITY
  return {
    seen: () => void (seenAt = now()),
    isAround: () => now() - seenAt < aroundMs,
  }
}
