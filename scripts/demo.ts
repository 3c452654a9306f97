import { once } from 'node:events'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runDemo, type DemoOptions } from './lib/demo/run-demo.ts'
import { isGood, type DemoResult } from './lib/demo/result.ts'

const usage = 'Usage: ./scripts/demo [--rows N] [--file CSV] [--json]'
const sample = resolve(import.meta.dirname, '../test/data/recipients-1000.csv')

function options(): DemoOptions & { json: boolean } {
  const { values } = parseArgs({
    options: { rows: { type: 'string' }, file: { type: 'string' }, json: { type: 'boolean', default: false } },
  })
  const { rows, file, json } = values
  if (rows !== undefined && !/^[1-9]\d{0,6}$/.test(rows)) throw new Error('--rows must be a whole number above 0.')
  return { file: resolve(file ?? sample), json, ...(rows !== undefined && { rows: Number(rows) }) }
}

function summary(result: DemoResult, pdfs: readonly string[], links: readonly string[]): string {
  const { rows, issued, rejected, mailed, anchored, anchorTransactions, verified, acceptP99Ms, issuedPerSecond, seconds, advice } = result
  return [
    '',
    `${rows} records: ${issued} issued, ${rejected} refused.`,
    `${mailed} mailed with their PDF, ${anchored} anchored on the chain by ${anchorTransactions} transactions, ` +
      `${verified} verified by an independent library.`,
    `${issuedPerSecond} issued in a second; a single request meanwhile was accepted within ${acceptP99Ms} ms (99 of 100). ` +
      `${seconds} s in all.`,
    `Modules in processes of their own? ${Object.entries(advice).map(([module, verdict]) => `${module}: ${verdict}`).join(', ')}.`,
    ...(isGood(result) ? [] : ['', 'That is not as it should be: every record must be issued or refused, and all that is issued mailed, anchored and verified.']),
    '',
    'Some of the PDFs:',
    ...pdfs.map((path) => `  ${path}`),
    'Their pages:',
    ...links.map((link) => `  ${link}`),
    '',
  ].join('\n')
}

try {
  const { json, ...chosen } = options()
  const demo = await runDemo(chosen)
  try {
    process.stderr.write(summary(demo.result, demo.pdfs, demo.links))
    if (json) process.stdout.write(`${JSON.stringify(demo.result)}\n`)
    else if (process.stdin.isTTY && process.stderr.isTTY) {
      process.stderr.write('The installation keeps running: its certificate is its own, so the browser warns. Ctrl-C ends it.\n')
      await once(process, 'SIGINT')
      process.stderr.write('\n')
    } else process.stderr.write('The installation has ended with this script: its pages answer only when it runs in a terminal.\n')
    process.exitCode = isGood(demo.result) ? 0 : 1
  } finally {
    await demo.stop()
  }
} catch (error) {
  const isUsage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${isUsage ? `${usage}\n` : ''}`)
  process.exitCode = isUsage ? 64 : 1
}
