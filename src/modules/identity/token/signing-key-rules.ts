/** When a key of access tokens does what. */
export interface SigningKeyDates {
  readonly kid: string
  readonly createdAt: Date
  /** From when on it signs; published before, so that verifiers have it by then. */
  readonly activeFrom: Date
  /** From when on another signs. */
  readonly retiredAt: Date | null
  /** When its tokens became void. */
  readonly withdrawnAt: Date | null
}

export type SigningKeyState = 'waiting' | 'signing' | 'retired' | 'withdrawn'

/** Longer than any token lives, and than clocks differ. */
const publishedAfterRetirementMs = 24 * 3_600_000
const dayMs = 24 * 3_600_000

export function stateOf({ activeFrom, retiredAt, withdrawnAt }: SigningKeyDates, now: Date): SigningKeyState {
  if (withdrawnAt) return 'withdrawn'
  if (activeFrom > now) return 'waiting'
  return retiredAt && retiredAt <= now ? 'retired' : 'signing'
}

/** The newest that may sign. What was retired may not be published any more, and what was withdrawn is void. */
export function signingKeyOf<K extends SigningKeyDates>(keys: readonly K[], now: Date): K | undefined {
  const able = keys.filter((key) => stateOf(key, now) === 'signing')
  return able.toSorted((a, b) => b.activeFrom.getTime() - a.activeFrom.getTime() || (a.kid < b.kid ? -1 : 1))[0]
}

/** Those that a verifier may meet a token of. */
export const publishedKeys = <K extends SigningKeyDates>(keys: readonly K[], now: Date): K[] =>
  keys.filter((key) => {
    const state = stateOf(key, now)
    return state === 'waiting' || state === 'signing' || (state === 'retired' && now.getTime() - key.retiredAt!.getTime() < publishedAfterRetirementMs)
  })

/** Whether it has signed for so many days; 0: never. */
export const successorIsDue = ({ activeFrom }: SigningKeyDates, now: Date, days: number): boolean =>
  days > 0 && now.getTime() - activeFrom.getTime() >= days * dayMs
