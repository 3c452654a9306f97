import { randomInt } from 'node:crypto'
import { inspect, parseArgs } from 'node:util'
import canary from './canary.fault.ts'
import type { Fault } from './fault.ts'
import killedProcess from './killed-process.fault.ts'
import largeFile from './large-file.fault.ts'
import mailFaults from './mail-faults.fault.ts'
import { randomOf } from './random.ts'
import stopUnderLoad from './stop-under-load.fault.ts'
import wrongKey from './wrong-key.fault.ts'

const faults: readonly Fault[] = [...killedProcess, ...largeFile, ...wrongKey, ...canary, ...stopUnderLoad, ...mailFaults]

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    seed: { type: 'string' },
    only: { type: 'string' },
  },
})

const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
const chosen = faults.filter(({ name }) => name.includes(values.only ?? ''))
/** Most of a fault is waiting for processes to start. */
const atOnce = 2

const say = (text: string): void => void process.stdout.write(`${text}\n`)

let [passed, failed] = [0, 0]

async function run(fault: Fault): Promise<void> {
  const started = performance.now()
  const seconds = () => `${((performance.now() - started) / 1_000).toFixed(1)} s`
  // Told at the end, because two run beside each other.
  const notes: string[] = []
  const note = (text: string) => void notes.push(`\n    ${text}`)
  try {
    await fault.run({ random: randomOf(seed), full: values.full, say: note })
    passed++
    say(`ok  ${fault.name} (${seconds()})${notes.join('')}`)
  } catch (error) {
    failed++
    say(`FAILED  ${fault.name} (${seconds()})${notes.join('')}\n${inspect(error)}`)
  }
}

say(`Seed ${seed}: the same moments with --seed ${seed}.`)
const waiting = chosen.values()
await Promise.all(Array.from({ length: atOnce }, async () => {
  for (const fault of waiting) await run(fault)
}))
// Nothing that ran proves nothing.
if (chosen.length === 0) failed++
say(`${passed} passed, ${failed} failed, 0 skipped`)
process.exit(failed > 0 ? 1 : 0)
