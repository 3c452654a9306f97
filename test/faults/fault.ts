import type { Random } from './random.ts'

/** What a fault is given. */
export interface FaultContext {
  readonly random: Random
  /** The long run: more rounds of the same. */
  readonly full: boolean
  /** A line about what happens, for whoever watches. */
  say(text: string): void
}

/** Something that goes wrong in the world, and what must hold all the same. */
export interface Fault {
  /** A sentence: what holds. */
  readonly name: string
  /** In the long run alone: a short one would ask too much of the machine beside the others. */
  readonly long?: boolean
  run(context: FaultContext): Promise<void>
}
