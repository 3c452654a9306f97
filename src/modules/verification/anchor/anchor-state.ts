import type { Observation, SignedTransaction } from './chain.ts'

/** A transaction signed for an anchor, with the time of signing in milliseconds since 1970. Plain JSON. */
export type Attempt = SignedTransaction & { signedAt: number }

/** The block in which an attempt was mined. */
export type MinedIn = { hash: string; blockNumber: number; blockHash: string }

/**
 * How far an anchor has come. Plain JSON, to be stored as it is.
 * planned → submitted → mined → final, and back: mined → submitted when the block was reorganised away, submitted or
 * mined → planned when a transaction that is none of ours took the nonce for good. `final` and `refused` never change.
 * All attempts share the nonce, so at most one of them can be mined.
 */
export type AnchorProgress =
  | { state: 'planned' }
  | { state: 'submitted'; nonce: number; attempts: readonly Attempt[] }
  | { state: 'mined'; nonce: number; attempts: readonly Attempt[]; mined: MinedIn }
  | { state: 'final'; nonce: number; attempts: readonly Attempt[]; mined: MinedIn }
  | { state: 'refused'; reason: string }

/** What has happened. Facts may come twice, late and out of order. */
export type AnchorFact =
  /** Signed, and recorded by the same database transaction that takes the nonce. Not necessarily sent. */
  | { fact: 'signed'; attempt: Attempt }
  /** The chain's answer for the nonce that was asked about. */
  | { fact: 'observed'; nonce: number; observation: Observation }
  /** The contract will never take this root: see ChainRefused, `another-root`. */
  | { fact: 'refused'; reason: string }

/**
 * What to do next, each safe to do again after a crash at any point:
 * `sign`: choose the nonce, sign, then record both in one transaction; send nothing yet. A nonce is taken only together
 * with the recorded transaction that uses it, so that no gap can come about;
 * `broadcast`: send the last attempt (again), then observe. When it is refused as underpriced, go on as for `replace`;
 * `replace`: sign once more with the same nonce and fees raised above the last attempt's, record, then broadcast;
 * `observe`: ask the chain about all attempts;
 * `none`: it is over.
 */
export type AnchorEffect = 'sign' | 'broadcast' | 'replace' | 'observe' | 'none'

export type AnchorRules = {
  /** Blocks until a transaction is taken for final, its own included. */
  confirmations: number
  /** How long an attempt may wait unmined before it is replaced by a dearer one. */
  replaceAfterMs: number
}

/** The progress after a fact. A fact that is stale or already known changes nothing. */
export function advance(progress: AnchorProgress, fact: AnchorFact, rules: AnchorRules): AnchorProgress {
  if (progress.state === 'final' || progress.state === 'refused') return progress
  if (fact.fact === 'signed') return signed(progress, fact.attempt)
  if (fact.fact === 'refused') return refused(progress, fact.reason)
  if (progress.state === 'planned' || fact.nonce !== progress.nonce) return progress
  return observed(progress, fact.observation, rules)
}

/** The effect that brings an anchor on. `now` in milliseconds since 1970. */
export function nextEffect(progress: AnchorProgress, now: number, rules: AnchorRules): AnchorEffect {
  switch (progress.state) {
    case 'planned':
      return 'sign'
    case 'submitted':
      return now - progress.attempts.at(-1)!.signedAt >= rules.replaceAfterMs ? 'replace' : 'broadcast'
    case 'mined':
      return 'observe'
    case 'final':
    case 'refused':
      return 'none'
  }
}

type Open = Exclude<AnchorProgress, { state: 'final' | 'refused' }>
type Sent = Exclude<Open, { state: 'planned' }>

function signed(progress: Open, attempt: Attempt): AnchorProgress {
  if (progress.state === 'planned') return { state: 'submitted', nonce: attempt.nonce, attempts: [attempt] }
  if (attempt.nonce !== progress.nonce) {
    throw new Error(`An anchor under nonce ${progress.nonce} cannot take nonce ${attempt.nonce}: both might be mined`)
  }
  if (progress.attempts.some(({ hash }) => hash === attempt.hash)) return progress
  return { ...progress, attempts: [...progress.attempts, attempt] }
}

// With a transaction out, only its receipt decides: the nonce must be used in any case.
function refused(progress: Open, reason: string): AnchorProgress {
  return progress.state === 'planned' ? { state: 'refused', reason } : progress
}

function observed(progress: Sent, observation: Observation, { confirmations }: AnchorRules): AnchorProgress {
  const { nonce, attempts } = progress
  if (!observation.found) return observation.nonceUsed ? { state: 'planned' } : { state: 'submitted', nonce, attempts }
  const { hash, status, blockNumber, blockHash } = observation.receipt
  if (!attempts.some((attempt) => attempt.hash === hash)) return progress
  const mined = { hash, blockNumber, blockHash }
  if (observation.receipt.confirmations < confirmations) return { state: 'mined', nonce, attempts, mined }
  if (status === 'reverted') return { state: 'refused', reason: `Transaction ${hash} was reverted by the contract` }
  return { state: 'final', nonce, attempts, mined }
}
