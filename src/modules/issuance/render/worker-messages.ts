import type { RenderInput } from './input.ts'

export type RenderJob = { id: number; input: RenderInput }

export type RenderAnswer =
  | { id: number; bytes: Uint8Array<ArrayBuffer> }
  | { id: number; message: string; badInput: boolean }
