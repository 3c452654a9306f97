import type { RenderInput } from './input.ts'

export type RenderJob = { id: number; input: RenderInput }

/** The first message of a worker: it listens now. What is sent to it before that may be lost (Deno). */
export const READY = 'ready'

export type RenderAnswer =
  | { id: number; bytes: Uint8Array<ArrayBuffer> }
  | { id: number; message: string; badInput: boolean }
