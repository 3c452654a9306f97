import type { DocumentInput } from '../credential/signed-document.ts'
import type { Design } from './designs/design.ts'
import type { RenderInput } from './input.ts'
import type { BadgeInput } from './pictures/badge-picture.ts'

/** What a render worker is asked for; each is answered with one file. */
export type RenderTask =
  /** With `sign` it signs first, attaches what it signed, and answers with that too. */
  | { kind: 'certificate'; input: RenderInput; sign?: DocumentInput }
  /** A printed page as a PNG file so many pixels wide. */
  | { kind: 'page'; pdf: Uint8Array; width: number }
  /** A picture for link sharing of a printed certificate. */
  | { kind: 'preview'; pdf: Uint8Array }
  | { kind: 'badge'; form: 'png' | 'svg'; input: BadgeInput }

/** A design that is not built in is named by its key alone: a worker asks for it when it does not have it. */
export type PostedInput = Omit<RenderInput, 'design'> & { design: string | { key: string } }
export type PostedTask = Exclude<RenderTask, { kind: 'certificate' }> | { kind: 'certificate'; input: PostedInput; sign?: DocumentInput }

export type RenderJob = { id: number; task: PostedTask }

/** What a worker asks for in the midst of a job, and the answer to it. */
export type DesignWanted = { id: number; wanted: 'design' }
export type DesignAnswer = { id: number; design: Design | undefined }

/** The first message of a worker: it listens now. What is sent to it before that may be lost (Deno). */
export const READY = 'ready'

export type Rendered = { bytes: Uint8Array<ArrayBuffer>; document?: string }

export type RenderAnswer =
  | ({ id: number } & Rendered)
  | { id: number; message: string; badInput: boolean }
