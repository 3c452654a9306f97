import { parentPort } from 'node:worker_threads'
import { RenderInputError } from './input.ts'
import { renderCertificate } from './render.ts'
import { READY, type RenderAnswer, type RenderJob, type RenderTask } from './worker-messages.ts'

/** Entry of a render worker: takes one job per message, answers each with bytes or with what went wrong. */
if (!parentPort) throw new Error('This file runs in a worker thread')
const port = parentPort

/** What draws pictures is loaded with the first of them: most workers print certificates and nothing else. */
async function rendered(task: RenderTask): Promise<Uint8Array<ArrayBuffer>> {
  if (task.kind === 'certificate') return renderCertificate(task.input)
  if (task.kind === 'preview') return (await import('./pictures/preview.ts')).previewPicture(task.pdf)
  const { badgePng, badgeSvg } = await import('./pictures/badge-picture.ts')
  return task.form === 'png' ? badgePng(task.input) : badgeSvg(task.input)
}

async function answer({ id, task }: RenderJob): Promise<void> {
  try {
    const bytes = await rendered(task)
    port.postMessage({ id, bytes } satisfies RenderAnswer, [bytes.buffer])
  } catch (error) {
    const message = error instanceof Error ? error.message : 'unknown error'
    port.postMessage({ id, message, badInput: error instanceof RenderInputError } satisfies RenderAnswer)
  }
}

port.on('message', (job: RenderJob) => void answer(job))
port.postMessage(READY)
