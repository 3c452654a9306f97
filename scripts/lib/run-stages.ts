import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { runCommand } from './run-command.ts'
import { stages, type Profile, type Stage } from './stages.ts'
import { closingLine, fromOutput, fromStatus, fromVitest, sum, withStatus, type Tally } from './tally.ts'

const minutes = 60_000
const profile: Profile = process.argv.includes('--fast') ? 'fast' : process.argv.includes('--full') ? 'full' : 'usual'
/** What hangs is stopped; a slow machine is given its time. */
const limitMs = 80 * minutes
const started = Date.now()

const seconds = (since: number) => `${((Date.now() - since) / 1000).toFixed(1)} s`

function tallyOf(stage: Stage, status: number, output: string): Tally {
  if (!stage.report) return withStatus(fromOutput(output) ?? fromStatus(status), status)
  try {
    return withStatus(fromVitest(JSON.parse(readFileSync(stage.report, 'utf8'))), status)
  } catch {
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

async function run(stage: Stage): Promise<Tally> {
  const begun = Date.now()
  const left = limitMs - (begun - started)
  process.stdout.write(`\n== ${stage.name}\n`)
  if (stage.report) rmSync(stage.report, { force: true })
  const { status, output, timedOut } = await runCommand(stage.command, Math.max(left, 1), { NO_COLOR: '1' })
  if (timedOut) process.stdout.write(`Stopped: all stages together may take ${limitMs / minutes} minutes.\n`)
  const tally = tallyOf(stage, status, output)
  process.stdout.write(`-- ${stage.name}: ${tally.failed > 0 ? 'FAILED' : 'passed'} (${closingLine(tally)}) in ${seconds(begun)}\n`)
  return tally
}

mkdirSync('.cache', { recursive: true })
const tallies: { name: string, tally: Tally }[] = []
for (const stage of stages(profile)) tallies.push({ name: stage.name, tally: await run(stage) })

const total = sum(tallies.map(({ tally }) => tally))
const failed = tallies.filter(({ tally }) => tally.failed > 0).map(({ name }) => name)
const skipping = tallies.filter(({ tally }) => tally.skipped > 0).map(({ name }) => name)
process.stdout.write(`\n${tallies.length} stages in ${seconds(started)}.`)
process.stdout.write(failed.length > 0 ? ` Failed: ${failed.join(', ')}.\n` : '\n')
if (skipping.length > 0) {
  process.stdout.write(`A skipped test proves nothing: run it or remove it (${skipping.join(', ')}).\n`)
}
process.stdout.write(`${closingLine(total)}\n`)
process.exitCode = total.failed + total.skipped > 0 ? 1 : 0
