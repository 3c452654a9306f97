import { KeyNotLoaded } from '../crypto/key-ring-types.ts'
import { DatabaseError } from '../database/database-error.ts'
import { Problem } from '../problem.ts'
import { Refused, Unavailable } from './step.ts'

/** All times in milliseconds. */
export interface RetryPolicy {
  /** Waiting before the second attempt; before each later one five times more. */
  readonly baseMs: number
  /** Errors about one item before it is given up. */
  readonly maxAttempts: number
  /** Claims of one step without an outcome on record: what crashes the process every time ends here. */
  readonly maxStarts: number
  /** The first pause for an absent other side; it doubles up to `maxPauseMs`. */
  readonly firstPauseMs: number
  readonly maxPauseMs: number
  /** How long absence counts nothing. */
  readonly maxUnavailableMs: number
}

const minute = 60_000

/**
 * Three attempts, 60 s and 300 s apart; pauses of 1 s up to 15 min, for three days.
 * @param baseMs a smaller base shortens all of it in proportion (STEP_RETRY_BASE_MS), absence to no less than ten
 * minutes
 */
export function retryPolicy(baseMs: number = minute): RetryPolicy {
  const scaled = (ms: number) => Math.ceil((ms * baseMs) / minute)
  return {
    baseMs,
    maxAttempts: 3,
    maxStarts: 20,
    firstPauseMs: Math.max(scaled(1_000), 10),
    maxPauseMs: Math.max(scaled(15 * minute), 10),
    maxUnavailableMs: Math.max(scaled(3 * 24 * 60 * minute), 10 * minute),
  }
}

export type Failure =
  /** The other side is away: says nothing about the item. */
  | { readonly kind: 'unavailable'; readonly retryAfterMs: number | undefined }
  /** No retry can help. */
  | { readonly kind: 'refused' }
  /** An error about this item. */
  | { readonly kind: 'error' }

/** System codes that mean: away, full or overloaded. */
const awayCodes = new RegExp(`^(${[
  'ECONN(REFUSED|RESET|ABORTED)', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EPIPE',
  'ENOSPC', 'UND_ERR_.*(TIMEOUT|SOCKET|CLOSED)',
].join('|')})$`)

/** Tells absence from an error about the item, from what a runner or handler threw, its causes included. */
export function classifyFailure(thrown: unknown): Failure {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth++) {
    if (error instanceof Unavailable) return { kind: 'unavailable', retryAfterMs: error.retryAfterMs }
    // A process that was held up for so long, and not the item.
    if (error instanceof KeyNotLoaded) return { kind: 'unavailable', retryAfterMs: undefined }
    if (error instanceof Refused) return { kind: 'refused' }
    if (error instanceof Problem) {
      if (![429, 503, 504].includes(error.status)) return { kind: 'error' }
      const seconds = error.retryAfterSeconds
      return { kind: 'unavailable', retryAfterMs: seconds === undefined ? undefined : seconds * 1_000 }
    }
    if (error instanceof DatabaseError && ['unavailable', 'conflict', 'aborted'].includes(error.kind)) {
      return { kind: 'unavailable', retryAfterMs: undefined }
    }
    const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
    if (error.name === 'TimeoutError' || awayCodes.test(code)) return { kind: 'unavailable', retryAfterMs: undefined }
  }
  return { kind: 'error' }
}

export interface Tried {
  /** Errors counted before this one. */
  readonly attempts: number
  readonly unavailableSince: Date | undefined
}

export type Verdict =
  | {
    readonly retry: true
    readonly attempts: number
    readonly delayMs: number
    readonly unavailableSince: Date | undefined
  }
  | { readonly retry: false; readonly attempts: number }

/** What becomes of an item after a failure: of a step, and of an event in the inbox. `now` is the database's. */
export function afterFailure(policy: RetryPolicy, tried: Tried, failure: Failure, now: Date): Verdict {
  if (failure.kind === 'refused') return { retry: false, attempts: tried.attempts + 1 }
  if (failure.kind === 'error') {
    const attempts = tried.attempts + 1
    if (attempts >= policy.maxAttempts) return { retry: false, attempts }
    return { retry: true, attempts, delayMs: policy.baseMs * 5 ** (attempts - 1), unavailableSince: undefined }
  }
  const since = tried.unavailableSince ?? now
  const absentMs = now.getTime() - since.getTime()
  if (absentMs >= policy.maxUnavailableMs) return { retry: false, attempts: tried.attempts }
  // Waiting as long again as it was absent so far doubles the delay without a counter.
  const delayMs = Math.max(clamp(absentMs, policy.firstPauseMs, policy.maxPauseMs), failure.retryAfterMs ?? 0)
  return { retry: true, attempts: tried.attempts, delayMs, unavailableSince: since }
}

export interface Pause {
  readonly pausedUntil: Date | undefined
  readonly backoffMs: number
}

/**
 * The pause of a whole kind after one of its steps met an absent other side. Steps that ran side by side and failed
 * together count once: while a pause is in force it is only made longer by an explicit `retryAfterMs`.
 */
export function pauseAfter(policy: RetryPolicy, before: Pause, retryAfterMs: number | undefined, now: Date) {
  const inForce = before.pausedUntil !== undefined && before.pausedUntil > now
  const backoffMs = inForce ? before.backoffMs : clamp(before.backoffMs * 2, policy.firstPauseMs, policy.maxPauseMs)
  const until = now.getTime() + Math.max(inForce ? 0 : backoffMs, retryAfterMs ?? 0)
  return { pausedUntil: new Date(Math.max(until, inForce ? before.pausedUntil.getTime() : 0)), backoffMs }
}

/**
 * An error in words that hold no personal data, for a database column and a log: the message only where its author is
 * bound to write none (`Problem`, `Refused`, `Unavailable`, `DatabaseError`), else name, code and the place in the
 * code.
 */
export function describeFailure(thrown: unknown): string {
  if (!(thrown instanceof Error)) return `thrown: ${typeof thrown}`
  if ([Problem, Refused, Unavailable, DatabaseError].some((bound) => thrown instanceof bound)) {
    return `${thrown.name}: ${thrown.message}`.slice(0, 500)
  }
  const code = 'code' in thrown && typeof thrown.code === 'string' ? ` ${thrown.code}` : ''
  const frame = /\n\s+at (.*)/.exec(thrown.stack ?? '')?.[1]
    ?.replace(/\(?file:\/\/.*\/(?=src\/|test\/|node_modules\/)/, '(')
  return `${thrown.name}${code}${frame ? ` at ${frame}` : ''}`.slice(0, 500)
}

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high)
