/** One comparison: the same work done by Vellum and by a peer. */
export interface Bench {
  readonly name: string
  readonly unit: 'ms' | 'per second' | 'µs'
  /** What is compared with what, in a sentence. */
  readonly says: string
  /** Builds both sides; `ours` and `peer` are then called in turn and answer one figure each, in `unit`. */
  start(): Promise<Sides>
}

export interface Sides {
  ours(): Promise<number>
  peer(): Promise<number>
  /** More figures: of the runs that were made, such as latencies, or of others that it makes now, when all are done. */
  details?(): Readonly<Record<string, unknown>> | Promise<Readonly<Record<string, unknown>>>
  stop?(): Promise<void>
}

export interface BenchResult {
  readonly name: string
  /** Medians, in `unit`. */
  readonly ours: number
  readonly peer: number
  /** How many times better: the median of the ratios of neighbouring runs, over 1 where Vellum is faster. */
  readonly ratio: number
  readonly unit: Bench['unit']
  /** Counted runs of each side; one more of each went before. */
  readonly runs: number
  /** Least and greatest figure of each side, and of the ratio. */
  readonly spread: { readonly ours: Range; readonly peer: Range; readonly ratio: Range }
  readonly details?: Readonly<Record<string, unknown>>
}

type Range = readonly [least: number, greatest: number]

/** Runs both sides in turn, ours and the peer and ours again, so that a change of the machine's speed meets both. */
export async function measure(bench: Bench, runs: number): Promise<BenchResult> {
  const sides = await bench.start()
  try {
    await sides.ours()
    await sides.peer()
    const ours: number[] = []
    const peer: number[] = []
    for (let run = 0; run < runs; run++) {
      ours.push(await sides.ours())
      peer.push(await sides.peer())
    }
    const ratios = ours.map((value, run) => bench.unit === 'per second' ? value / peer[run]! : peer[run]! / value)
    const details = await sides.details?.()
    return {
      name: bench.name,
      ours: rounded(median(ours)),
      peer: rounded(median(peer)),
      ratio: rounded(median(ratios)),
      unit: bench.unit,
      runs,
      spread: { ours: range(ours), peer: range(peer), ratio: range(ratios) },
      ...(details && { details }),
    }
  } finally {
    await sides.stop?.()
  }
}

/** The middle of the values in order; the mean of the two middle ones where their number is even. */
export function median(values: readonly number[]): number {
  const ordered = values.toSorted((a, b) => a - b)
  const middle = Math.floor(ordered.length / 2)
  return ordered.length % 2 === 1 ? ordered[middle]! : (ordered[middle - 1]! + ordered[middle]!) / 2
}

/** The value below which `share` (0 to 1) of the values lie. */
export function quantile(values: readonly number[], share: number): number {
  const ordered = values.toSorted((a, b) => a - b)
  return ordered[Math.min(ordered.length - 1, Math.floor(ordered.length * share))] ?? Number.NaN
}

/** Three significant figures. */
export const rounded = (value: number): number => Number(value.toPrecision(3))

const range = (values: readonly number[]): Range => [rounded(Math.min(...values)), rounded(Math.max(...values))]
