import type { Worker } from 'node:worker_threads'
import { Problem } from '#platform/problem.ts'
import { startThread } from '#platform/thread.ts'
import { imageHeader, ImageRefused, IMAGE_LIMITS } from './image-header.ts'
import type { ImageAnswer } from './image-worker.ts'
import type { CleanImage } from './reencode.ts'

export interface ImageCleaner {
  /**
   * Decodes and re-encodes an image that somebody sent. Throws `ImageRefused` for what is no image that we take, and
   * `Problem('rate-limited')` when too many wait.
   */
  clean(file: Uint8Array): Promise<CleanImage>
  /** Ends what is in work. */
  close(): Promise<void>
}

export interface ImageCleanerOptions {
  /** Who takes longer is ended. Milliseconds. */
  readonly timeoutMs?: number
  /** Images that may wait for their turn. */
  readonly maxWaiting?: number
  /** Starts the thread; tests start others. */
  readonly startWorker?: (file: Uint8Array) => Worker
}

const startFileWorker = (file: Uint8Array): Worker =>
  startThread('modules/issuance/image/image-worker.ts', { workerData: file, resourceLimits: { maxOldGenerationSizeMb: 256 } })

/** One image at a time, each in a thread of its own that ends with it: what a file does there, it does to nobody else. */
export function createImageCleaner(options: ImageCleanerOptions = {}): ImageCleaner {
  const { timeoutMs = 20_000, maxWaiting = 16, startWorker = startFileWorker } = options
  const running = new Set<Worker>()
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  let closed = false

  async function inThread(file: Uint8Array): Promise<CleanImage> {
    if (closed) throw new Problem('unavailable', 'This process is stopping; send the image again.')
    const worker = startWorker(file)
    running.add(worker)
    let timer: NodeJS.Timeout | undefined
    try {
      const answer = await new Promise<ImageAnswer>((resolve, reject) => {
        timer = setTimeout(() => reject(new ImageRefused('The image takes too long to decode; save it anew as an ordinary PNG or JPEG.')), timeoutMs)
        worker.once('message', resolve)
        worker.once('error', () => reject(new ImageRefused('The image cannot be decoded; save it anew as an ordinary PNG or JPEG.')))
        worker.once('exit', () => reject(new Problem('unavailable', 'The image was not decoded; send it again.')))
      })
      if ('refused' in answer) throw new ImageRefused(answer.refused)
      return answer.image
    } finally {
      clearTimeout(timer)
      running.delete(worker)
      await worker.terminate()
    }
  }

  return {
    async clean(file) {
      imageHeader(file)
      if (waiting >= maxWaiting) throw new Problem('rate-limited', 'Other images are being read; send this one again in a few seconds.', { retryAfterSeconds: 3 })
      waiting += 1
      try {
        const mine = last.then(() => inThread(file))
        last = mine.catch(() => {})
        const image = await mine
        if (image.bytes.length > IMAGE_LIMITS.bytes) throw new ImageRefused('Written anew, the image takes over 5 MB: scale it down, or save it as JPEG.')
        return image
      } finally {
        waiting -= 1
      }
    },
    async close() {
      closed = true
      await Promise.all([...running].map((worker) => worker.terminate()))
    },
  }
}
