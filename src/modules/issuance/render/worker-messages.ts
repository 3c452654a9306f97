import type { RenderInput } from './input.ts'
import type { BadgeInput } from './pictures/badge-picture.ts'

/** What a render worker is asked for; each is answered with one file. */
export type RenderTask =
  | { kind: 'certificate'; input: RenderInput }
  /** A picture for link sharing of a printed certificate. */
  | { kind: 'preview'; pdf: Uint8Array }
  | { kind: 'badge'; form: 'png' | 'svg'; input: BadgeInput }

export type RenderJob = { id: number; task: RenderTask }

/** The first message of a worker: it listens now. What is sent to it before that may be lost (Deno). */
export const READY = 'ready'

export type RenderAnswer =
  | { id: number; bytes: Uint8Array<ArrayBuffer> }
  | { id: number; message: string; badInput: boolean }
