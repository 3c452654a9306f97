import { parentPort, workerData } from 'node:worker_threads'
import { ImageRefused } from './image-header.ts'
import { type CleanImage, reencode } from './reencode.ts'

export type ImageAnswer = { image: CleanImage } | { refused: string }

/** Entry of a thread that re-encodes the one image that it was started with. */
if (!parentPort) throw new Error('This file runs in a worker thread')
const port = parentPort

try {
  const image = await reencode(workerData as Uint8Array)
  port.postMessage({ image } satisfies ImageAnswer, [image.bytes.buffer])
} catch (error) {
  if (!(error instanceof ImageRefused)) throw error
  port.postMessage({ refused: error.message } satisfies ImageAnswer)
}
