import { parentPort, workerData } from 'node:worker_threads'
import { Problem, type ProblemCode } from '#platform/problem.ts'
import { storedRow } from './stored-rows.ts'
import { tooManyRows, workbookParts } from './workbook-parts.ts'
import { workbookRows } from './workbook-rows.ts'

export interface WorkbookJob {
  readonly file: Uint8Array
  readonly sheet: string | undefined
  /** Of what the rows take, in bytes. */
  readonly limit: number
}

export type WorkbookAnswer =
  | { readonly header: readonly string[]; readonly rows: Uint8Array<ArrayBuffer> }
  | { readonly refused: { readonly code: ProblemCode; readonly detail: string } }

/** Entry of a thread that reads the one workbook that it was started with. */
if (!parentPort) throw new Error('This file runs in a worker thread')
const port = parentPort

function answer({ file, sheet, limit }: WorkbookJob): WorkbookAnswer {
  const lines: Uint8Array[] = []
  let size = 0
  let header: readonly string[] = []
  for (const row of workbookRows(workbookParts(file), sheet)) {
    if (lines.length === 0) header = row.cells
    const line = storedRow(row)
    size += line.length
    if (size > limit) throw tooManyRows()
    lines.push(line)
  }
  const joined = new Uint8Array(size)
  let at = 0
  for (const line of lines) {
    joined.set(line, at)
    at += line.length
  }
  return { header, rows: joined }
}

try {
  const said = answer(workerData as WorkbookJob)
  port.postMessage(said, 'rows' in said ? [said.rows.buffer] : [])
} catch (error) {
  if (!(error instanceof Problem)) throw error
  port.postMessage({ refused: { code: error.code, detail: error.message } } satisfies WorkbookAnswer)
}
