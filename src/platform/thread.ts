import { Worker, type WorkerOptions } from 'node:worker_threads'
import { carriedFile, inExecutable } from './executable.ts'
import { noteThread } from './telemetry/thread-use.ts'

/**
 * Starts a thread by the path of its source below `src/`. A single executable has no such file: there the thread gets
 * its code, bundled as an ECMAScript module, as text. `scripts/build-binary` finds the calls, and bundles what they name.
 */
export function startThread(path: string, options: WorkerOptions = {}): Worker {
  const worker = newWorker(path, options)
  noteThread(worker, path)
  return worker
}

function newWorker(path: string, options: WorkerOptions): Worker {
  if (!inExecutable) return new Worker(new URL(`../${path}`, import.meta.url), options)
  const code = new TextDecoder().decode(carriedFile(`src/${path}`))
  return new Worker(code, { ...options, eval: true, execArgv: ['--input-type=module'] })
}
