/**
 * Whether somebody waits for single things in this process, which one event loop serves together with files of thousands: while it is
 * so, work on many does less at once, so that what is single never waits behind much (decision 0203).
 */
export interface SingleWork {
  /** A step of something single begins. */
  begin(): void
  /** It ends. */
  end(): void
  /** One is under way, or was a moment ago. */
  isAround(): boolean
  /** One is under way, and not for so long that what gives way to it has waited enough. */
  hasRightOfWay(): boolean
}

const aroundMs = 2_000
/** Single steps that follow each other without a gap do not stop a file. */
const rightOfWayMs = 250

/** @param now milliseconds of a clock that only goes forward */
export function createSingleWork(now: () => number = () => performance.now()): SingleWork {
  let underWay = 0
  let begunAt = 0
  let seenAt = Number.NEGATIVE_INFINITY
  return {
    begin() {
      if (underWay++ === 0) begunAt = now()
    },
    end() {
      underWay--
      seenAt = now()
    },
    isAround: () => underWay > 0 || now() - seenAt < aroundMs,
    hasRightOfWay: () => underWay > 0 && now() - begunAt < rightOfWayMs,
  }
}
