import { pooledRandomBytes } from '../crypto/random-pool.ts'

/** W3C Trace Context, version 00. */
export interface TraceParent {
  readonly traceparent: string
  readonly traceId: string
  readonly spanId: string
  readonly sampled: boolean
}

const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/
const noTrace = '0'.repeat(32)
const noSpan = '0'.repeat(16)

/** Undefined for anything that is not a valid `traceparent`, as the standard asks. */
export function parseTraceparent(value: string | null | undefined): TraceParent | undefined {
  const match = form.exec(value ?? '')
  if (!match || match[1] === noTrace || match[2] === noSpan) return undefined
  const sampled = (Number.parseInt(match[3]!, 16) & 1) === 1
  return { traceparent: match[0], traceId: match[1]!, spanId: match[2]!, sampled }
}

export const formatTraceparent = (traceId: string, spanId: string, sampled = true): string =>
  `00-${traceId}-${spanId}-0${sampled ? 1 : 0}`

/** A new trace, so that every request has an id to be found by in the logs, whether or not spans are exported. */
export function newTraceparent(): string {
  const bytes = pooledRandomBytes(24).toString('hex')
  return formatTraceparent(bytes.slice(0, 32), bytes.slice(32))
}
