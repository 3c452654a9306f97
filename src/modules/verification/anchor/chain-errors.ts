import { Unavailable } from '#platform/work/step.ts'

/**
 * The chain cannot be used now, whatever is asked of it: no answer, a time-out, an overloaded node, or an account
 * without money. Nothing is known about the transaction. Try again later; it is not this anchor's fault.
 */
export class ChainUnavailable extends Unavailable {
  override name = 'ChainUnavailable'
}

/**
 * Why the chain said no to this transaction:
 * `underpriced`: the fees are too low by now, sign again with the same nonce and higher fees;
 * `too-dear`: nothing was signed, because a higher offer is not allowed, or would not help: wait until gas is cheaper;
 * `another-root`: this sender has anchored another root for this size, which no retry changes;
 * `no-contract`: there is no anchor contract at the address;
 * `rejected`: anything else, in the node's words.
 */
export type RefusalReason = 'underpriced' | 'too-dear' | 'another-root' | 'no-contract' | 'rejected'

/** The chain answered, and the answer about this transaction was no. */
export class ChainRefused extends Error {
  override name = 'ChainRefused'
  readonly reason: RefusalReason
  constructor(reason: RefusalReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}
