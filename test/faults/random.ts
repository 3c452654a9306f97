/** Numbers that follow from a seed alone, so that a run can be had again: mulberry32. */
export interface Random {
  readonly seed: number
  /** From 0 to below 1. */
  next(): number
  /** A whole number from `low` to below `high`. */
  between(low: number, high: number): number
}

export function randomOf(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return { seed, next, between: (low, high) => low + Math.floor(next() * (high - low)) }
}
