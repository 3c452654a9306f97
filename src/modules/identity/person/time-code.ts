import { createHmac, timingSafeEqual } from 'node:crypto'

/** What every app assumes: half a minute, six digits, SHA-1. */
const stepMs = 30_000

/** RFC 6238, section 4, over RFC 4226, section 5.3. */
function codeAt(secret: string, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', secret).update(counter).digest()
  return String((mac.readUInt32BE(mac.at(-1)! & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/**
 * The time step whose code this is: the one of `at`, or its neighbour, for clocks differ (RFC 6238, section 5.2). Undefined for any
 * other code.
 */
export function timeStepOf(secret: string, code: string, at: Date): number | undefined {
  const now = Math.floor(at.getTime() / stepMs)
  const given = Buffer.from(code)
  return [now - 1, now, now + 1].find((step) => given.length === 6 && timingSafeEqual(given, Buffer.from(codeAt(secret, step))))
}
