import { parentPort } from 'node:worker_threads'
import { signedDocument } from '../credential/signed-document.ts'
import type { Design } from './designs/design.ts'
import { RenderInputError } from './input.ts'
import { renderCertificate } from './render.ts'
import { type DesignAnswer, type DesignWanted, type PostedTask, READY, type RenderAnswer, type Rendered, type RenderJob } from './worker-messages.ts'

/** Entry of a render worker: takes one job per message, answers each with bytes or with what went wrong. */
if (!parentPort) throw new Error('This file runs in a worker thread')
const port = parentPort

const awaited = new Map<number, (answer: DesignAnswer) => void>()

/** Asks for the design of a job. */
async function loadDesign(id: number): Promise<Design> {
  const { design } = await new Promise<DesignAnswer>((resolve) => {
    awaited.set(id, resolve)
    port.postMessage({ id, wanted: 'design' } satisfies DesignWanted)
  })
  if (!design) throw new Error('The design did not come')
  return design
}

/** What draws pictures is loaded with the first of them: most workers print certificates and nothing else. */
async function rendered(id: number, task: PostedTask): Promise<Rendered> {
  if (task.kind === 'certificate') {
    const { design } = task.input
    const source = typeof design === 'string' ? design : { key: design.key, load: () => loadDesign(id) }
    const input = { ...task.input, design: source }
    if (!task.sign) return { bytes: await renderCertificate(input) }
    const document = await signedDocument(task.sign)
    return { document, bytes: await renderCertificate({ ...input, credentialJson: document }) }
  }
  if (task.kind === 'preview') return { bytes: await (await import('./pictures/preview.ts')).previewPicture(task.pdf) }
  if (task.kind === 'page') return { bytes: await (await import('./pictures/page.ts')).pagePicture(task.pdf, task.width) }
  const { badgePng, badgeSvg } = await import('./pictures/badge-picture.ts')
  return { bytes: await (task.form === 'png' ? badgePng(task.input) : badgeSvg(task.input)) }
}

async function answer({ id, task }: RenderJob): Promise<void> {
  try {
    const result = await rendered(id, task)
    port.postMessage({ id, ...result } satisfies RenderAnswer, [result.bytes.buffer])
  } catch (error) {
    const message = error instanceof Error ? error.message : 'unknown error'
    port.postMessage({ id, message, badInput: error instanceof RenderInputError } satisfies RenderAnswer)
  }
}

port.on('message', (message: RenderJob | DesignAnswer) => {
  if ('task' in message) return void answer(message)
  awaited.get(message.id)?.(message)
  awaited.delete(message.id)
})
port.postMessage(READY)
