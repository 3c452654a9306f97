/** The end of a chain as another module keeps it: docs/decisions/0221. Hashes are hexadecimal. */
export interface WitnessedHead {
  readonly organizationId: string
  readonly sequence: number
  readonly hash: string
  /** Which restoration of the database its module had told of by then; null: none. */
  readonly restoration: string | null
  /** What the chain was found to be when it was last told of. */
  readonly contradiction: Contradiction | null
}

/** The end of a chain as its own module tells it. */
export interface ToldHead {
  readonly organizationId: string
  readonly sequence: number
  readonly hash: string
  /** What the chain has now where the witness was told that it ended; null: the module knows of nothing that was told. */
  readonly since: { readonly sequence: number; readonly hash: string | null } | null
}

/** The entry that was witnessed is not there any more; or another one stands in its place. */
export type Contradiction = 'cut' | 'rewritten'

export type Verdict =
  /** It goes on from what is held. */
  | 'goes-on'
  /** Compared with something else than what is held: late, or told before somebody else told more. It says nothing. */
  | 'stale'
  /** It contradicts, and the module says that its database was restored since: kept as told, and written down. */
  | 'set-back'
  | Contradiction

/**
 * What a witness thinks of a head. Only the entry at the very place that it holds counts, so that a report may come twice, late
 * and in any order.
 */
export function judge(held: WitnessedHead | undefined, { sequence, since }: ToldHead, restoration: string | null): Verdict {
  if (!held) return 'goes-on'
  if (since?.sequence !== held.sequence) return 'stale'
  if (since.hash === held.hash) return sequence >= held.sequence ? 'goes-on' : 'stale'
  if (restoration !== null && restoration !== held.restoration) return 'set-back'
  return since.hash === null ? 'cut' : 'rewritten'
}

/** So many heads in one report: each may cost an audit entry in the transaction that takes it. */
export const headsAtOnce = 200

/** Who keeps the heads of a module: the authority; and another module those of the authority itself. Undefined where it is alone. */
export const witnessOf = (module: string, authority: string, modules: readonly string[]): string | undefined =>
  module !== authority ? authority : modules.find((one) => one !== authority)
