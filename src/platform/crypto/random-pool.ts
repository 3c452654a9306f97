import { randomFillSync } from 'node:crypto'

const pool = Buffer.allocUnsafe(4_096)
let used = pool.length

/**
 * Random bytes, as `crypto.randomBytes` gives them, out of a supply that is drawn for many at once: each draw costs more than
 * a small value's use. For nonces, salts and ids; a key is drawn by itself. What was handed out does not stay here.
 * @param length at most 64
 */
export function pooledRandomBytes(length: number): Buffer {
  if (length > 64) throw new RangeError('Draw long values by crypto.randomBytes.')
  if (used + length > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const bytes = Buffer.from(pool.subarray(used, used + length))
  pool.fill(0, used, used + length)
  used += length
  return bytes
}
