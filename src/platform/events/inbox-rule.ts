/**
 * The order of events: within a subscription and key, n is applied after n-1, once, and never else.
 * @param position the number of the last applied event of the key; 0 when none was
 */
export function inboxRule(position: number, sequence: number): 'apply' | 'duplicate' | 'wait' {
  if (sequence <= position) return 'duplicate'
  return sequence === position + 1 ? 'apply' : 'wait'
}

export interface InboxPlan<E> {
  /** To be applied one after the other, in this order. */
  readonly apply: readonly E[]
  readonly duplicates: readonly E[]
  /** Behind a missing or a parked one. */
  readonly wait: readonly E[]
}

/** The rule over everything that is at hand of one key, in whatever order it arrived. */
export function planInbox<E extends { readonly sequence: number }>(
  position: number,
  arrived: readonly E[],
): InboxPlan<E> {
  const plan = { apply: [] as E[], duplicates: [] as E[], wait: [] as E[] }
  for (const event of arrived.toSorted((a, b) => a.sequence - b.sequence)) {
    const decision = inboxRule(position, event.sequence)
    if (decision === 'apply') {
      plan.apply.push(event)
      position = event.sequence
    } else if (decision === 'duplicate') plan.duplicates.push(event)
    else plan.wait.push(event)
  }
  return plan
}
