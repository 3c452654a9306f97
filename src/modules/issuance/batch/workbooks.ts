import type { Worker } from 'node:worker_threads'
import { Problem } from '#platform/problem.ts'
import { startThread } from '#platform/thread.ts'
import { WORKBOOK_LIMITS } from './workbook-parts.ts'
import type { WorkbookAnswer, WorkbookJob } from './workbook-worker.ts'

/** What stands in one sheet: its headings, and its rows as they are stored (`StoredRow`). */
export type Sheet = Exclude<WorkbookAnswer, { refused: unknown }>

export interface Workbooks {
  /**
   * Reads one sheet of an XLSX file that arrives: the one that is named, else the first that is not hidden.
   * Throws `Problem`: too-large, validation-failed, unsupported-media-type, rate-limited, unavailable.
   * @param limit of what the rows take, in bytes
   */
  sheet(file: AsyncIterable<Uint8Array>, name: string | undefined, limit: number): Promise<Sheet>
  /** Ends what is in work. */
  close(): Promise<void>
}

export interface WorkbooksOptions {
  /** Who takes longer is ended. Milliseconds. */
  readonly timeoutMs?: number
  /** Workbooks that may be in memory at once. */
  readonly maxHeld?: number
  /** Starts the thread; tests start others. */
  readonly startWorker?: (job: WorkbookJob) => Worker
}

const HEAP_MB = 1_024

const startFileWorker = (job: WorkbookJob): Worker =>
  startThread('modules/issuance/batch/workbook-worker.ts', { workerData: job, resourceLimits: { maxOldGenerationSizeMb: HEAP_MB } })

const tooMuch = (cause?: Error) =>
  new Problem('too-large', 'Reading the workbook takes too long or too much memory; save the sheet as CSV UTF-8 and send that.', { cause })

/** What a thread died of. */
const diedOf = (error: Error & { code?: string }) =>
  error.code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? tooMuch(error)
    : new Problem('validation-failed', 'The workbook cannot be read; save it again as XLSX, or the sheet as CSV UTF-8.', { cause: error })

async function collected(file: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of file) {
    bytes += chunk.length
    if (bytes > WORKBOOK_LIMITS.bytes)
      throw new Problem('too-large', `A workbook may have at most ${WORKBOOK_LIMITS.bytes / 1024 / 1024} MB; split it, or save the sheet as CSV UTF-8 and send that.`)
    chunks.push(chunk)
  }
  // A copy of its own: what is handed to a thread must not be a part of something larger.
  return new Uint8Array(Buffer.concat(chunks))
}

/** One workbook at a time, each in a thread of its own that ends with it: what a file does there, it does to nobody else. */
export function createWorkbooks(options: WorkbooksOptions = {}): Workbooks {
  const { timeoutMs = 60_000, maxHeld = 4, startWorker = startFileWorker } = options
  const running = new Set<Worker>()
  let last: Promise<unknown> = Promise.resolve()
  let held = 0
  let closed = false

  async function inThread(job: WorkbookJob): Promise<Sheet> {
    if (closed) throw new Problem('unavailable', 'This process is stopping; send the workbook again.')
    const worker = startWorker(job)
    running.add(worker)
    let timer: NodeJS.Timeout | undefined
    try {
      const answer = await new Promise<WorkbookAnswer>((resolve, reject) => {
        timer = setTimeout(() => reject(tooMuch()), timeoutMs)
        worker.once('message', resolve)
        worker.once('error', (error: Error) => reject(diedOf(error)))
        worker.once('exit', () => reject(new Problem('unavailable', 'The workbook was not read; send it again.')))
      })
      if ('refused' in answer) throw new Problem(answer.refused.code, answer.refused.detail)
      return answer
    } finally {
      clearTimeout(timer)
      running.delete(worker)
      await worker.terminate()
    }
  }

  return {
    async sheet(file, name, limit) {
      if (held >= maxHeld) throw new Problem('rate-limited', 'Other workbooks are being read; send this one again in a few seconds.', { retryAfterSeconds: 5 })
      held += 1
      try {
        const job = { file: await collected(file), sheet: name, limit }
        const mine = last.then(() => inThread(job))
        last = mine.catch(() => {})
        return await mine
      } finally {
        held -= 1
      }
    },
    async close() {
      closed = true
      await Promise.all([...running].map((worker) => worker.terminate()))
    },
  }
}
