import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Bench, measure } from './measure.ts'

const names = readdirSync(import.meta.dirname).filter((name) => existsSync(join(import.meta.dirname, name, 'bench.ts'))).sort()

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, runs: { type: 'string', default: '5' } },
})
const wanted = positionals.length > 0 ? positionals : names
const unknown = wanted.filter((name) => !names.includes(name))
const runs = Number(values.runs)
if (unknown.length > 0 || !Number.isInteger(runs) || runs < 1) {
  process.stderr.write(`Usage: ./scripts/bench [NAME…] [--runs N] [--json], where NAME is one of ${names.join(', ')}.\n`)
  process.exit(64)
}

for (const name of wanted) {
  const { bench } = (await import(`./${name}/bench.ts`)) as { bench: Bench }
  process.stderr.write(`${name}: ${bench.says}\n`)
  const result = await measure(bench, runs)
  if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`)
  else process.stdout.write(
    `${name}: ours ${result.ours} ${result.unit}, peer ${result.peer}, ratio ${result.ratio} ` +
    `(${result.spread.ratio.join(' to ')}), ${runs} runs${result.details ? `\n  ${JSON.stringify(result.details)}` : ''}\n`)
}
process.exit(0)
