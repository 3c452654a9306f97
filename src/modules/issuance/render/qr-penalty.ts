const RUN = 3
const BLOCK = 3
const FINDER = 40
const IMBALANCE = 10

/** Dark-light-dark-dark-dark-light-dark with four light modules before or behind it, as eleven bits. */
const FINDER_BEFORE = 0b00001011101
const FINDER_BEHIND = 0b10111010000

/** Penalty of one row or column: long runs, and patterns that look like a finder. */
function linePenalty(modules: Uint8Array, size: number, start: number, step: number): number {
  let penalty = 0
  let length = 0
  let previous = -1
  let window = 0
  for (let i = 0, at = start; i < size; i++, at += step) {
    const module = modules[at]!
    if (module === previous) {
      length++
      if (length === 5) penalty += RUN
      else if (length > 5) penalty++
    } else {
      length = 1
      previous = module
    }
    window = ((window << 1) | module) & 0x7ff
    if (i >= 10 && (window === FINDER_BEFORE || window === FINDER_BEHIND)) penalty += FINDER
  }
  return penalty
}

/**
 * How hard a QR code is to scan (ISO/IEC 18004, 7.8.3): the four penalties of runs, blocks, false finder patterns and
 * imbalance. `modules` are rows one after the other, 1 is dark.
 */
export function maskPenalty(modules: Uint8Array, size: number): number {
  let penalty = 0
  let dark = 0
  for (let i = 0; i < size; i++) {
    penalty += linePenalty(modules, size, i * size, 1) + linePenalty(modules, size, i, size)
  }
  for (let y = 0; y < size; y++) {
    for (let at = y * size, end = at + size; at < end; at++) {
      const module = modules[at]!
      dark += module
      const inside = y + 1 < size && at + 1 < end
      if (inside && module === modules[at + 1] && module === modules[at + size] && module === modules[at + size + 1]) {
        penalty += BLOCK
      }
    }
  }
  return penalty + IMBALANCE * Math.floor(Math.abs(dark * 20 - size * size * 10) / (size * size))
}
