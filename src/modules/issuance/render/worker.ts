import { parentPort } from 'node:worker_threads'
import { RenderInputError } from './input.ts'
import { renderCertificate } from './render.ts'
import { READY, type RenderAnswer, type RenderJob } from './worker-messages.ts'

/** Entry of a render worker: takes one job per message, answers each with bytes or with what went wrong. */
if (!parentPort) throw new Error('This file runs in a worker thread')
const port = parentPort

async function answer({ id, input }: RenderJob): Promise<void> {
  try {
    const bytes = await renderCertificate(input)
    port.postMessage({ id, bytes } satisfies RenderAnswer, [bytes.buffer])
  } catch (error) {
    const message = error instanceof Error ? error.message : 'unknown error'
    port.postMessage({ id, message, badInput: error instanceof RenderInputError } satisfies RenderAnswer)
  }
}

port.on('message', (job: RenderJob) => void answer(job))
port.postMessage(READY)
