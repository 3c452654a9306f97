import { setTimeout as delay } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { startThread } from '#platform/thread.ts'
import type { DocumentInput } from '../credential/signed-document.ts'
import type { Design } from './designs/design.ts'
import { type RenderInput, RenderInputError } from './input.ts'
import {
  type DesignAnswer, type DesignWanted, type PostedTask, READY, type RenderAnswer, type Rendered, type RenderJob,
  type RenderTask,
} from './worker-messages.ts'

/**
 * The document was not rendered, and that says nothing about its input: the worker died, the pool is full or closed.
 * Try again later.
 */
export class RenderUnavailableError extends Error {
  override name = 'RenderUnavailableError'
  readonly retryable = true
}

export type RenderPool = {
  /**
   * Renders in a worker thread. Rejects with RenderInputError for input that can never be rendered, and with
   * RenderUnavailableError when trying again may help.
   */
  render(input: RenderInput): Promise<Uint8Array>
  /** Signs a credential and prints it with the signed document inside, in one worker; rejects as `render` does. `urgent`: before all that are not. */
  signAndRender(sign: DocumentInput, input: Omit<RenderInput, 'credentialJson'>, options?: { urgent?: boolean }): Promise<{ document: string; pdf: Uint8Array }>
  /** Draws a picture; rejects as `render` does. */
  draw(task: Exclude<RenderTask, { kind: 'certificate' }>): Promise<Uint8Array>
  /** Renders all, in order, with as much in work at once as the pool takes. Each result stands for itself. */
  renderMany(inputs: readonly RenderInput[]): Promise<PromiseSettledResult<Uint8Array>[]>
  /** Ends the workers. What is not finished is rejected with RenderUnavailableError. */
  close(): Promise<void>
}

export type RenderPoolOptions = {
  /** Worker threads; about one per core. */
  size: number
  /** Jobs that may wait for a worker before further ones are refused. */
  maxWaiting?: number
  /** A job that takes longer ends its worker. Milliseconds. */
  jobTimeoutMs?: number
  /** Starts a worker thread; tests start others. */
  startWorker?: () => Worker
  log?: { warn(details: object, message: string): void }
}

type Job = {
  task: RenderTask
  urgent: boolean
  resolve(rendered: Rendered): void
  reject(error: Error): void
}

type Slot = {
  worker: Worker
  jobs: Map<number, Job>
  timers: Map<number, NodeJS.Timeout>
  ready: boolean
  /** When it listens, or has ended before. */
  loaded: PromiseWithResolvers<void>
  served: number
}

/** Jobs given to one worker at a time: one in work, one at hand. */
const PER_WORKER = 2
/** A start reads fonts and competes with everything else that starts: to begin anew would only take longer. */
const START_FACTOR = 4
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 5_000
/** V8 ends the whole process when a thread is ended in the midst of a top-level await: one that loads is waited for. */
const LOADING_AT_MOST_MS = 3_000
/** Of the memory of a worker, for objects that live shortly: unbounded it takes 60 MB and is no faster. */
const YOUNG_MB = 8

function posted(task: RenderTask): PostedTask {
  if (task.kind !== 'certificate') return task
  const { design } = task.input
  return { ...task, input: { ...task.input, design: typeof design === 'string' ? design : { key: design.key } } }
}

function startFileWorker(): Worker {
  return startThread('modules/issuance/render/worker.ts', { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } })
}

/**
 * Starts worker threads that render certificates. A worker that dies takes only its own jobs with it (at most two) and
 * is replaced at once, or after a growing pause when it died before it had rendered anything.
 */
export function createRenderPool(options: RenderPoolOptions): RenderPool {
  const { size, maxWaiting = 1_000, jobTimeoutMs = 30_000, startWorker = startFileWorker, log } = options
  const slots = new Set<Slot>()
  const waiting: Job[] = []
  const pauses = new Set<NodeJS.Timeout>()
  let nextId = 1
  let failedStarts = 0
  let closed = false

  function start(): void {
    const worker = startWorker()
    const slot: Slot = { worker, jobs: new Map(), timers: new Map(), ready: false, loaded: Promise.withResolvers(), served: 0 }
    slots.add(slot)
    const startTimer = setTimeout(() => lose(slot, 'not ready in time'), jobTimeoutMs * START_FACTOR)
    worker.on('message', (message: typeof READY | RenderAnswer | DesignWanted) => {
      if (message !== READY) return 'wanted' in message ? hand(slot, message.id) : finish(slot, message)
      clearTimeout(startTimer)
      slot.ready = true
      slot.loaded.resolve()
      dispatch()
    })
    worker.on('error', (error) => lose(slot, error instanceof Error ? error.name : 'error'))
    worker.on('messageerror', () => lose(slot, 'messageerror'))
    worker.on('exit', (code) => {
      clearTimeout(startTimer)
      slot.loaded.resolve()
      lose(slot, `exit ${code}`)
    })
  }

  function dispatch(): void {
    while (waiting.length > 0) {
      const slot = leastBusy()
      if (!slot) return
      give(slot, waiting.shift()!)
    }
  }

  function leastBusy(): Slot | undefined {
    let best: Slot | undefined
    for (const slot of slots) {
      if (!slot.ready || slot.jobs.size >= PER_WORKER) continue
      if (!best || slot.jobs.size < best.jobs.size) best = slot
    }
    return best
  }

  function give(slot: Slot, job: Job): void {
    const id = nextId++
    slot.jobs.set(id, job)
    const timer = setTimeout(() => lose(slot, `no answer within ${jobTimeoutMs} ms`), jobTimeoutMs * PER_WORKER)
    timer.unref()
    slot.timers.set(id, timer)
    try {
      slot.worker.postMessage({ id, task: posted(job.task) } satisfies RenderJob)
    } catch {
      // What cannot be cloned never reaches the worker.
      take(slot, id)?.reject(new RenderInputError('The input is not plain data'))
    }
  }

  /** Gives a worker the design that it lacks. */
  function hand(slot: Slot, id: number): void {
    const task = slot.jobs.get(id)?.task
    const design = task?.kind === 'certificate' ? task.input.design : undefined
    const answer = (found: Design | undefined) => slot.worker.postMessage({ id, design: found } satisfies DesignAnswer)
    if (design === undefined || typeof design === 'string') return answer(undefined)
    design.load().then(answer, (error: Error) => {
      take(slot, id)?.reject(error)
      answer(undefined)
    })
  }

  function take(slot: Slot, id: number): Job | undefined {
    const job = slot.jobs.get(id)
    slot.jobs.delete(id)
    clearTimeout(slot.timers.get(id))
    slot.timers.delete(id)
    return job
  }

  function finish(slot: Slot, answer: RenderAnswer): void {
    const job = take(slot, answer.id)
    slot.served++
    failedStarts = 0
    if ('bytes' in answer) job?.resolve(answer)
    else if (answer.badInput) job?.reject(new RenderInputError(answer.message))
    else job?.reject(new Error(`Rendering failed: ${answer.message}`))
    dispatch()
  }

  function lose(slot: Slot, reason: string): void {
    if (!slots.delete(slot)) return
    void slot.worker.terminate()
    const lost = [...slot.jobs.keys()].map((id) => take(slot, id))
    for (const job of lost) job?.reject(new RenderUnavailableError('The render worker ended before it was done'))
    if (closed) return
    if (slot.served === 0) failedStarts++
    const pauseMs = failedStarts === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** failedStarts, LONGEST_PAUSE_MS)
    log?.warn({ reason, lostJobs: lost.length, pauseMs }, 'render worker ended; starting another')
    const pause = setTimeout(() => {
      pauses.delete(pause)
      start()
    }, pauseMs)
    pauses.add(pause)
  }

  function answerTo(task: RenderTask, urgent = false): Promise<Rendered> {
    return new Promise((resolve, reject) => {
      if (closed) return reject(new RenderUnavailableError('The render pool is closed'))
      if (waiting.length >= maxWaiting) return reject(new RenderUnavailableError('The render pool is full'))
      const behind = urgent ? waiting.findIndex((job) => !job.urgent) : -1
      waiting.splice(behind < 0 ? waiting.length : behind, 0, { task, urgent, resolve, reject })
      dispatch()
    })
  }

  const draw = async (task: RenderTask): Promise<Uint8Array> => (await answerTo(task)).bytes
  const render: RenderPool['render'] = (input) => draw({ kind: 'certificate', input })

  const signAndRender: RenderPool['signAndRender'] = async (sign, input, { urgent = false } = {}) => {
    const { document, bytes } = await answerTo({ kind: 'certificate', input, sign }, urgent)
    if (document === undefined) throw new Error('A worker answered without the signed document.')
    return { document, pdf: bytes }
  }

  async function renderMany(inputs: readonly RenderInput[]): Promise<PromiseSettledResult<Uint8Array>[]> {
    const results: PromiseSettledResult<Uint8Array>[] = []
    let next = 0
    const lane = async () => {
      while (next < inputs.length) {
        const index = next++
        const [result] = await Promise.allSettled([render(inputs[index]!)])
        results[index] = result
      }
    }
    await Promise.all(Array.from({ length: size * PER_WORKER }, lane))
    return results
  }

  async function close(): Promise<void> {
    closed = true
    for (const pause of pauses) clearTimeout(pause)
    const unavailable = new RenderUnavailableError('The render pool is closed')
    for (const job of waiting.splice(0)) job.reject(unavailable)
    const ending = [...slots]
    for (const slot of ending) {
      for (const id of slot.jobs.keys()) take(slot, id)?.reject(unavailable)
      slots.delete(slot)
    }
    await Promise.all(ending.map(async ({ worker, loaded }) => {
      await Promise.race([loaded.promise, delay(LOADING_AT_MOST_MS, undefined, { ref: false })])
      await worker.terminate()
    }))
  }

  for (let i = 0; i < size; i++) start()
  return { render, signAndRender, draw, renderMany, close }
}
