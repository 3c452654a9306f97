import { z } from 'zod'

/** One call that a module answers for other modules. Input and output are JSON; both are parsed on both sides. */
export interface Operation<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  /** A `write` is safe to receive twice: the same input changes nothing more and gets an equal answer. */
  readonly effect: 'read' | 'write'
  /** Deadline in milliseconds, measured by the caller; a shorter one of the caller's own wins. */
  readonly timeoutMs: number
  readonly input: I
  readonly output: O
}

export const operation = <I extends z.ZodType, O extends z.ZodType>(o: Operation<I, O>): Operation<I, O> => o

/** Everything that other modules may ask of one module. Plain data: importing it loads nothing of the module. */
export interface Contract {
  readonly module: string
  readonly operations: Readonly<Record<string, Operation>>
}

export const contract = <const M extends string, Ops extends Record<string, Operation>>(module: M, operations: Ops) =>
  ({ module, operations }) as const

export interface CallOptions {
  readonly signal?: AbortSignal
}

/** The same methods whether the module is in this process or across the network; they throw `Problem`, and inside a transaction always. */
export type Client<C extends Contract> = {
  readonly [K in keyof C['operations']]: C['operations'][K] extends Operation<infer I, infer O>
    ? (input: z.input<I>, options?: CallOptions) => Promise<z.output<O>>
    : never
}

export interface CallContext {
  /** Aborted at the caller's deadline. */
  readonly signal: AbortSignal
  /** The calling module's name, proven by its service token. */
  readonly caller: string
}

export type Handlers<C extends Contract> = {
  readonly [K in keyof C['operations']]: C['operations'][K] extends Operation<infer I, infer O>
    ? (input: z.output<I>, call: CallContext) => Promise<z.input<O>>
    : never
}

/**
 * JSON carries no files: an operation answers with a link on the owner's internal listener that lives for a minute,
 * and the caller streams it with `openDocument`, in process too.
 */
export const DocumentLink = z.object({
  module: z.string(),
  path: z.string(),
  mediaType: z.string(),
  fileName: z.string(),
})
export type DocumentLink = z.infer<typeof DocumentLink>
